import { describe, expect, it } from 'vitest';
import { allocateVectors } from './aligned-vectors.js';
import { GraphCache } from './graph-cache.js';
import { openBackend } from './open-backend.js';
import type { NodeBackend } from './tensorflow/binding.js';
import { type Tensor, tf } from './tensorflow-js.js';
import { sequenceFunction } from './testing/sequence-function.js';

const sequence = sequenceFunction({ vocabulary: 8, width: 4, batch: 2, length: 2 });

describe.each(['tensorflow', 'wasm', 'cpu'] as const)('%s', (prefer) => {
  it('holds as many tensors after 60 runs as after one', async () => {
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
    for (let i = 0; i < 59; i++) await traced.run(data);
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

  it('does not grow over 10,000 steps of a tiny model, and reports its peak', async () => {
    const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
    const tiny = sequenceFunction({ vocabulary: 8, width: 4, batch: 2, length: 2 });
    const cache = new GraphCache(backend);
    const step = () => cache.trace('tiny', tiny.fn, tiny.inputs);
    const [parameters, source, target] = tiny.draw(1) as [Float32Array, Int32Array, Int32Array];
    const [gradient] = allocateVectors([tiny.parameters]) as [Float32Array];
    const losses: number[] = [];
    const train = async (steps: number) => {
      for (let i = 0; i < steps; i++) {
        const [loss] = await step().run([parameters, source, target], [undefined, gradient]);
        losses.push(loss?.[0] as number);
        gradient.forEach((value, index) => {
          parameters[index] = (parameters[index] as number) - 0.01 * value;
        });
      }
      return backend.memory();
    };
    const before = await train(1000);
    const after = await train(10_000);
    expect(losses.at(-1)).toBeLessThan(0.1 * (losses[0] as number));
    expect(after).toMatchObject({ graphs: 1, graphBytes: before.graphBytes, tensors: before.tensors });
    expect(tf.memory().numTensors).toBe(0);
    // A leak of the tiny gradient alone would be 15 MiB, of a tensor's own record several.
    expect((after.rssBytes - before.rssBytes) / 2 ** 20).toBeLessThan(12);
    expect(after.peakRssBytes).toBeGreaterThanOrEqual(after.rssBytes);
    expect(before.peakRssBytes).toBeLessThanOrEqual(after.peakRssBytes);
    backend.dispose();
  });

  it('uses the memory of graphs that were disposed of again', async () => {
    const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
    const traceAll = () => {
      for (let batch = 1; batch <= 3; batch++) {
        const { fn, inputs } = sequenceFunction({ vocabulary: 8, width: 4, batch, length: 4 });
        backend.trace(`batch ${batch}`, fn, inputs).dispose();
      }
      return backend.memory();
    };
    const once = traceAll();
    let again = once;
    for (let round = 0; round < 2; round++) again = traceAll();
    expect(again).toMatchObject({ graphs: 0, graphBytes: 0, tensors: once.tensors });
    // Held instead, these graphs would take some 60 MiB.
    expect((again.rssBytes - once.rssBytes) / 2 ** 20).toBeLessThan(30);
    backend.dispose();
  });
});
