import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

const run = promisify(execFile);
const requirements = ['safetensors==0.6.2', 'numpy==2.2.6'];
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tributary');
const packages = join(cache, 'python', requirements.join('-').replaceAll('==', '-'));

/** Python's own safetensors, installed once into the user's cache. */
async function installPackages(): Promise<void> {
  if (existsSync(packages)) return;
  await mkdir(join(cache, 'python'), { recursive: true });
  const target = await mkdtemp(`${packages}.`);
  await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-input', '--target', target, ...requirements]);
  // Another test process may have been faster.
  await rename(target, packages).catch(() => rm(target, { recursive: true }));
}

async function python(script: string, file: string): Promise<string> {
  const { stdout } = await run('python3', ['-c', script, file], { env: { ...process.env, PYTHONPATH: packages } });
  return stdout;
}

const readScript = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], 'np') as f:
    tensors = {name: f.get_tensor(name) for name in f.keys()}
    print(json.dumps({'metadata': f.metadata(), 'tensors': {
        name: [str(t.dtype), list(t.shape), t.tobytes().hex()] for name, t in tensors.items()}}))
`;
const writeScript = `
import sys
import numpy as np
from safetensors.numpy import save_file
save_file({
    'weight': np.arange(6, dtype=np.float32).reshape(2, 3) / 3,
    'cursor': np.array([-5, 7], dtype=np.int32),
    'step': np.array([2**40], dtype=np.int64),
    'odd': np.array([1, 2, 3], dtype=np.uint8),
    'scalar': np.array(2.5, dtype=np.float32),
}, sys.argv[1], metadata={'made': 'by python'})
`;

describe("Python's safetensors", () => {
  // A first run downloads numpy.
  beforeAll(installPackages, 600_000);

  it('reads what we write, and we read what it writes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
    try {
      const ours = join(folder, 'ours.safetensors');
      const weight = Float32Array.of(1, -0, Number.NaN, 1e-40, 0.1, Number.NEGATIVE_INFINITY);
      const content = {
        tensors: {
          weight: { shape: [3, 2], data: weight },
          cursor: { shape: [2], data: Int32Array.of(-1, 5) },
          step: { shape: [], data: BigInt64Array.of(2n ** 53n + 1n) },
          momentum: { shape: [2], data: Float64Array.of(0.1, -1e-300) },
          'odd/ü': { shape: [1, 3], data: Uint8Array.of(1, 2, 3) },
        },
        metadata: { note: '{"nested": "ä"}' },
      };
      await writeFile(ours, encodeSafetensors(content));
      const hex = (data: { buffer: ArrayBufferLike }): string => Buffer.from(data.buffer).toString('hex');
      expect(JSON.parse(await python(readScript, ours))).toEqual({
        metadata: content.metadata,
        tensors: {
          weight: ['float32', [3, 2], hex(weight)],
          cursor: ['int32', [2], hex(content.tensors.cursor.data)],
          step: ['int64', [], hex(content.tensors.step.data)],
          momentum: ['float64', [2], hex(content.tensors.momentum.data)],
          'odd/ü': ['uint8', [1, 3], '010203'],
        },
      });

      const theirs = join(folder, 'theirs.safetensors');
      await python(writeScript, theirs);
      expect(decodeSafetensors(new Uint8Array(await readFile(theirs)), theirs)).toEqual({
        tensors: {
          weight: { shape: [2, 3], data: Float32Array.from([0, 1, 2, 3, 4, 5], (x) => x / 3) },
          cursor: { shape: [2], data: Int32Array.of(-5, 7) },
          step: { shape: [1], data: BigInt64Array.of(2n ** 40n) },
          odd: { shape: [3], data: Uint8Array.of(1, 2, 3) },
          scalar: { shape: [], data: Float32Array.of(2.5) },
        },
        metadata: { made: 'by python' },
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
