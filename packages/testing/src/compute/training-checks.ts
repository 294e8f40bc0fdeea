import assert from 'node:assert/strict';
import {
  type ComputeBackend,
  type Data,
  type Tensor,
  type TensorFunction,
  type TensorSpec,
  tf,
} from '@tributary/engine';
import { sequenceFunction } from '@tributary/engine/internal';
import type { BackendCheck } from './backend-check.js';
import { assertNear, assertSameBits } from './compare-results.js';

const sequence = sequenceFunction({ vocabulary: 20, width: 16, batch: 4, length: 2 });
const steps = 3;

/** A table looked up, multiplied and summed, and the gradients of table and matrix: few operations, so that many runs are quick. */
const layer: { readonly fn: TensorFunction; readonly inputs: readonly TensorSpec[]; readonly data: readonly Data[] } = {
  fn: ([table, matrix, ids]) => {
    const loss = (t: Tensor, m: Tensor) => tf.sum(tf.tanh(tf.matMul(tf.gather(t, ids as never), m)));
    return tf.grads(loss)([table as Tensor, matrix as Tensor]);
  },
  inputs: [
    { shape: [5, 3], dtype: 'float32' },
    { shape: [3, 2], dtype: 'float32' },
    { shape: [4], dtype: 'int32' },
  ],
  data: [
    Float32Array.from({ length: 15 }, (_, i) => Math.fround(i / 15)),
    Float32Array.from({ length: 6 }, (_, i) => Math.fround(i / 6)),
    Int32Array.of(0, 4, 1, 4),
  ],
};

/** Trains by plain gradient descent. @returns losses of the steps and the last parameters */
async function train(backend: ComputeBackend): Promise<readonly Data[]> {
  const step = backend.trace('compliance step', sequence.fn, sequence.inputs);
  const [flat, source, target] = sequence.draw(3) as [Float32Array, Int32Array, Int32Array];
  const gradient = new Float32Array(new SharedArrayBuffer(4 * sequence.parameters));
  const losses = new Float32Array(steps);
  for (let k = 0; k < steps; k++) {
    const [loss] = await step.run([flat, source, target], [undefined, gradient]);
    losses[k] = loss?.[0] as number;
    gradient.forEach((g, i) => {
      flat[i] = (flat[i] as number) - 0.5 * g;
    });
  }
  step.dispose();
  return [losses, flat];
}

/** Whole steps of a sequence model. */
export const trainingChecks: Record<string, BackendCheck> = {
  async 'trains a sequence model as TensorFlow does, and twice to the same bits'(backend, { reference }) {
    const trained = await train(backend);
    const losses = trained[0] as Float32Array;
    for (let k = 1; k < steps; k++) {
      assert.ok((losses[k] as number) < (losses[k - 1] as number), `the loss does not fall: ${losses.join(', ')}`);
    }
    assertNear(trained, await train(reference), 3e-5, 'losses and parameters');
    assertSameBits(await train(backend), trained, 'training again');
  },

  async 'gives the same bits for the same inputs, from one function and from two'(backend) {
    const [one, two] = ['one', 'two'].map((name) => backend.trace(name, sequence.fn, sequence.inputs));
    const data = sequence.draw(5);
    const first = await one?.run(data);
    await two?.run(sequence.draw(6));
    assertSameBits((await one?.run(data)) ?? [], first ?? [], 'the second run');
    assertSameBits((await two?.run(data)) ?? [], first ?? [], 'another function');
    one?.dispose();
    two?.dispose();
  },

  async 'holds as many tensors after ten runs as after one, and after runs that failed'(backend) {
    const { fn, inputs, data } = layer;
    const traced = backend.trace('memory', fn, inputs);
    const first = await traced.run(data);
    const before = backend.memory().tensors;
    for (let i = 0; i < 8; i++) await traced.run(data);
    await assert.rejects(traced.run(data.slice(1)));
    assertSameBits(await traced.run(data), first, 'the tenth run');
    assert.equal(backend.memory().tensors, before);
    traced.dispose();
  },

  async 'computes beside another backend whose runs alternate with its own'(backend, { reference }) {
    const data = sequence.draw(7);
    const [here, there] = [backend, reference].map((each) => each.trace('beside', sequence.fn, sequence.inputs));
    const [alone, other] = [await here?.run(data), await there?.run(data)];
    for (let i = 0; i < 2; i++) {
      const [mine, others] = await Promise.all([here?.run(data), there?.run(data)]);
      assertSameBits(mine ?? [], alone ?? [], 'beside another backend');
      assertSameBits(others ?? [], other ?? [], 'the other backend');
    }
    here?.dispose();
    there?.dispose();
  },
};
