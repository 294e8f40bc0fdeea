import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../dist/testing/train-and-hash.js', import.meta.url));
const operations = fileURLToPath(new URL('../dist/testing/hash-operations.js', import.meta.url));
const sums = fileURLToPath(new URL('../dist/testing/hash-sums.js', import.meta.url));

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
  precision: 'float32' | 'bf16' = 'float32',
): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...execArgv,
    program,
    backend,
    String(threads),
    place,
    precision,
  ]);
  return JSON.parse(stdout) as Outcome;
}

it.each([1, 2])(
  'adds three terms in one order, whatever ran before whose memory is free, with %i threads',
  async (threads) => {
    const { stdout } = await promisify(execFile)(process.execPath, [sums, String(threads), '400']);
    expect(stdout.trim()).toBe('1');
  },
);

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

  it('gives the same bits with 1 and 2 threads in bf16, and nearly the loss of float32', async () => {
    const first = await train('tensorflow', 1, 'main', [], 'bf16');
    expect(await train('tensorflow', 2, 'main', [], 'bf16')).toEqual(first);
    const full = await train('tensorflow', 1, 'main');
    expect(first.hash).not.toBe(full.hash);
    expect(Math.abs(first.loss - full.loss)).toBeLessThan(0.01);
  });

  it('gives the same bits of layer norm, cross-entropy and masks with 1, 2 and 3 threads', async () => {
    const hashOf = async (threads: number) =>
      (await promisify(execFile)(process.execPath, [operations, String(threads)])).stdout;
    const first = await hashOf(1);
    expect(first).toMatch(/^[0-9a-f]{64}/);
    expect(await hashOf(2)).toBe(first);
    expect(await hashOf(3)).toBe(first);
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
