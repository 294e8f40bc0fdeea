import { describe, expect, it } from 'vitest';
import { openBackend } from './open-backend.js';
import type { NodeBackend } from './tensorflow/binding.js';
import { type Tensor, tf } from './tensorflow-js.js';
import { sequenceFunction } from './testing/sequence-function.js';

const sequence = sequenceFunction({ vocabulary: 20, width: 16, batch: 4, length: 3 });

describe.each(['tensorflow', 'wasm', 'cpu'] as const)('%s', (prefer) => {
  it('holds as many tensors after 200 runs as after one', async () => {
    const backend = await openBackend({ prefer, device: 'cpu', threads: 1 });
    const held = () => [
      tf.memory().numTensors,
      tf.memory().numDataBuffers,
      tf.backend().numDataIds(),
      (tf.findBackend('tensorflow') as unknown as NodeBackend | null)?.binding.getNumOfTensors(),
    ];
    const traced = backend.trace('memory', sequence.fn, sequence.inputs);
    const data = sequence.draw(1);
    const first = await traced.run(data);
    const before = held();
    for (let i = 0; i < 199; i++) await traced.run(data);
    expect(await traced.run(data)).toEqual(first);
    expect(held()).toEqual(before);
    backend.dispose();
  });
});

describe('tensorflow', () => {
  it('frees the session of a disposed function, and of a disposed backend', async () => {
    const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
    const { binding } = tf.findBackend('tensorflow') as unknown as NodeBackend;
    const before = binding.getNumOfSavedModels();
    const [one] = ['one', 'two', 'three'].map((name) => backend.trace(name, sequence.fn, sequence.inputs));
    expect(binding.getNumOfSavedModels()).toBe(before + 3);
    one?.dispose();
    one?.dispose();
    expect(binding.getNumOfSavedModels()).toBe(before + 2);
    await expect(one?.run(sequence.draw(1))).rejects.toThrow('after it was disposed of');
    backend.dispose();
    expect(binding.getNumOfSavedModels()).toBe(before);
  });

  it('does not grow over thousands of runs', async () => {
    const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
    const size = 250_000;
    const traced = backend.trace('scale', ([x]) => [tf.mul(x as Tensor, 2)], [{ shape: [size], dtype: 'float32' }]);
    const input = new Float32Array(new SharedArrayBuffer(4 * size)).fill(3);
    const output = new Float32Array(new SharedArrayBuffer(4 * size));
    const run = async (times: number) => {
      for (let i = 0; i < times; i++) await traced.run([input], [output]);
      return process.memoryUsage().rss / 2 ** 20;
    };
    const warm = await run(200);
    // Without being freed, 1,200 runs would hold 1.1 GiB each of inputs and of outputs.
    expect((await run(1200)) - warm).toBeLessThan(200);
    expect(output.every((value) => value === 6)).toBe(true);
    backend.dispose();
  });
});
