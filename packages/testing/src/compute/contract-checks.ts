import assert from 'node:assert/strict';
import {
  type ComputeBackend,
  type Data,
  type Tensor,
  type TensorFunction,
  type TensorSpec,
  tf,
} from '@tributary/engine';
import type { BackendCheck } from './backend-check.js';
import { assertNear, assertSameBits } from './compare-results.js';

const vector: TensorSpec = { shape: [3], dtype: 'float32' };

/** A function of one tensor. */
const of =
  (fn: (x: Tensor) => Tensor): TensorFunction =>
  ([x]) => [fn(x as Tensor)];

const doubled: TensorFunction = ([x]) => [tf.mul(x as Tensor, 2), tf.sum(x as Tensor)];

async function withDoubled(
  backend: ComputeBackend,
  work: (run: (inputs: readonly Data[], into?: readonly (Data | undefined)[]) => Promise<Data[]>) => Promise<void>,
): Promise<void> {
  const traced = backend.trace('doubled', doubled, [vector]);
  try {
    await work((inputs, into) => traced.run(inputs, into));
  } finally {
    traced.dispose();
  }
}

/** Arguments, results and lifetimes. */
export const contractChecks: Record<string, BackendCheck> = {
  async 'says what it is'(backend) {
    assert.match(backend.version, /\S/);
    assert.match(backend.device, /^(cpu|gpu:\d+)$/);
    assert.ok(backend.notice === null || backend.notice.endsWith('.'), 'a notice is made of sentences');
  },

  async 'writes outputs where the caller wants them, and the others to new arrays'(backend) {
    await withDoubled(backend, async (run) => {
      const into = new Float32Array(new SharedArrayBuffer(12));
      const input = Float32Array.of(1, 2, 3);
      const results = await run([input], [into]);
      assert.equal(results[0], into);
      assertNear(results, [Float32Array.of(2, 4, 6), Float32Array.of(6)], 0, 'outputs');
      const part = new Float32Array(9).subarray(3, 6);
      assert.equal((await run([input], [part, undefined]))[0], part);
      assert.deepEqual([...new Float32Array(part.buffer)], [0, 0, 0, 2, 4, 6, 0, 0, 0]);
      const again = await run([Float32Array.of(5, 5, 5)]);
      assert.deepEqual([...(results[1] as Data)], [6], 'an earlier result stays as it was');
      assert.notEqual(again[0], into);
    });
  },

  async 'reads inputs where they lie, and leaves them as they were'(backend) {
    await withDoubled(backend, async (run) => {
      const shared = new Float32Array(new SharedArrayBuffer(36)).fill(9).subarray(2, 5);
      shared.set([1, 2, 3]);
      assertNear(await run([shared]), [Float32Array.of(2, 4, 6), Float32Array.of(6)], 0, 'a view of shared memory');
      shared.set([4, 4, 4]);
      assertNear(await run([shared]), [Float32Array.of(8, 8, 8), Float32Array.of(12)], 0, 'the same, changed');
      assert.deepEqual([...new Float32Array(shared.buffer)], [9, 9, 4, 4, 4, 9, 9, 9, 9]);
    });
  },

  async 'gives back an input, and one tensor twice'(backend) {
    const traced = backend.trace('inputs', ([x, y]) => [x as Tensor, y as Tensor, y as Tensor], [
      vector,
      { shape: [2], dtype: 'int32' },
    ]);
    const [x, y] = [Float32Array.of(1, 2, 3), Int32Array.of(-7, 2 ** 31 - 1)];
    const results = await traced.run([x, y]);
    assertSameBits(results, [x, y, y], 'what went in');
    assert.notEqual(results[0], x, 'a copy');
    traced.dispose();
  },

  async 'refuses inputs and outputs of another number, size or type, naming them'(backend) {
    await withDoubled(backend, async (run) => {
      const [three, sum] = [new Float32Array(3), new Float32Array(1)];
      await assert.rejects(run([]), /doubled takes 1 inputs, got 0/);
      await assert.rejects(run([new Float32Array(2)]), /input 0 of doubled takes float32\[3\], got Float32Array of 2/);
      await assert.rejects(run([new Int32Array(3)]), /input 0 of doubled .*got Int32Array of 3/);
      await assert.rejects(run([three], [new Float32Array(4)]), /output 0 of doubled/);
      await assert.rejects(run([three], [three, new Int32Array(1)]), /output 1 of doubled/);
      await run([three], [new Float32Array(3), sum]);
    });
  },

  async 'refuses an output that cannot leave it'(backend) {
    const trace = () =>
      backend.trace(
        'refused',
        of((x) => tf.greater(x, 0)),
        [vector],
      );
    assert.throws(trace, { code: 'TRACE_REFUSED', message: /Output 0 of refused is bool/ });
  },

  async 'passes on what a function throws, and goes on'(backend) {
    const before = backend.memory();
    const trace = () =>
      backend.trace('wrong', ([x, y]) => [tf.matMul(tf.mul(x as Tensor, 2), y as Tensor)], [
        { shape: [2, 3], dtype: 'float32' },
        { shape: [2, 3], dtype: 'float32' },
      ]);
    assert.throws(trace);
    assert.deepEqual([backend.memory().tensors, backend.memory().graphs], [before.tensors, before.graphs]);
    await withDoubled(backend, async (run) => {
      assertNear(await run([Float32Array.of(1, 1, 1)]), [Float32Array.of(2, 2, 2), Float32Array.of(3)], 0, 'outputs');
    });
  },

  async 'rounds the operands of matrix products where a trace asks for bf16, and nothing else'(backend) {
    // 1 + 2^-9 lies in the middle between two bfloat16 numbers and goes to the even one, 1.
    const near = 1 + 2 ** -9;
    const fn: TensorFunction = ([a, b]) => [tf.matMul(a as Tensor, b as Tensor), tf.add(a as Tensor, 0)];
    const specs: TensorSpec[] = [
      { shape: [1, 2], dtype: 'float32' },
      { shape: [2, 1], dtype: 'float32' },
    ];
    const data = [Float32Array.of(near, -1), Float32Array.of(1, 1)];
    for (const [precision, product] of [
      ['float32', 2 ** -9],
      ['bf16', 0],
    ] as const) {
      const traced = backend.trace(`product in ${precision}`, fn, specs, { precision });
      assertNear(await traced.run(data), [Float32Array.of(product), Float32Array.of(near, -1)], 0, precision);
      traced.dispose();
    }
  },

  async 'runs a function no more once it was disposed of, and the others still'(backend) {
    const [one, two] = ['one', 'two'].map((name) => backend.trace(name, doubled, [vector]));
    one?.dispose();
    one?.dispose();
    await assert.rejects(one?.run([new Float32Array(3)]) ?? Promise.resolve(), /one was run after it was disposed of/);
    await two?.run([new Float32Array(3)]);
    two?.dispose();
  },

  async 'opens twice in one process, and closing one leaves the other open'(backend, { open }) {
    const other = await open();
    const traced = other.trace('other', doubled, [vector]);
    await traced.run([new Float32Array(3)]);
    other.dispose();
    other.dispose();
    await assert.rejects(traced.run([new Float32Array(3)]), /other was run after it was disposed of/);
    await withDoubled(backend, async (run) => {
      await run([new Float32Array(3)]);
    });
  },
};
