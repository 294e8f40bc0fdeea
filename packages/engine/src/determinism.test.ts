import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../dist/testing/train-and-hash.js', import.meta.url));

interface Outcome {
  readonly kind: string;
  readonly notice: string | null;
  readonly loss: number;
  readonly hash: string;
}

async function train(
  backend: string,
  threads: number,
  place: 'main' | 'worker',
  execArgv: string[] = [],
): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...execArgv,
    program,
    backend,
    String(threads),
    place,
  ]);
  return JSON.parse(stdout) as Outcome;
}

describe('training in new processes', () => {
  it('gives the same bits with 1 and 2 threads, in a main and in a worker thread', async () => {
    const first = await train('tensorflow', 1, 'main');
    expect(first.kind).toBe('tensorflow');
    expect(first.loss).toBeLessThan(Math.log(50));
    for (const [threads, place] of [
      [1, 'main'],
      [2, 'main'],
      [1, 'worker'],
      [2, 'worker'],
    ] as const) {
      expect(await train('tensorflow', threads, place)).toEqual(first);
    }
  });

  it('gives the same bits on WebAssembly, and nearly the loss of TensorFlow', async () => {
    const first = await train('wasm', 1, 'main');
    expect(await train('wasm', 2, 'worker')).toEqual(first);
    expect(first.loss).toBeCloseTo((await train('tensorflow', 1, 'main')).loss, 4);
  });

  it('falls back to WebAssembly where the addon does not load, and says why', async () => {
    const broken = `import Module from 'node:module';
      const load = Module._load;
      Module._load = (name, ...rest) => {
        if (name === '@tensorflow/tfjs-node-gpu') throw new Error('libtensorflow.so.2: cannot open shared object file');
        return load(name, ...rest);
      };`;
    const outcome = await train('auto', 1, 'main', ['--import', `data:text/javascript,${encodeURIComponent(broken)}`]);
    expect(outcome.kind).toBe('wasm');
    expect(outcome.notice).toMatch(/libtensorflow\.so\.2: cannot open.*WebAssembly computes instead.*times slower/s);
  });
});
