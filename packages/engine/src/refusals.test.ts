import type { Tensor1D } from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import type { TensorFunction, TensorSpec } from './compute-backend.js';
import { openBackend } from './open-backend.js';
import type { NodeBackend } from './tensorflow/binding.js';
import { type Tensor, tf } from './tensorflow-js.js';

const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
const { binding } = tf.findBackend('tensorflow') as unknown as NodeBackend;
const vector: TensorSpec = { shape: [3], dtype: 'float32' };
const outside = tf.tensor1d([1, 2, 3]);
const variable = tf.variable(tf.tensor1d([1, 2, 3]));
const large = Float32Array.from({ length: 5000 }, (_, i) => i);

afterAll(() => backend.dispose());

/** A function of one tensor. */
const of =
  (fn: (x: Tensor) => Tensor | readonly Tensor[]): TensorFunction =>
  ([x]) => {
    const result = fn(x as Tensor);
    return Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
  };

const refusals: readonly [string, RegExp, TensorFunction][] = [
  ['a captured tensor', /tf\.add uses a float32 tensor of shape \[3\] made outside/, of((x) => tf.add(x, outside))],
  ['a captured variable', /tf\.mul uses a float32 tensor of shape \[3\] made outside/, of((x) => tf.mul(x, variable))],
  ['a captured tensor in a gradient', /made outside/, of((x) => tf.grad((y) => tf.sum(tf.mul(y, outside)))(x))],
  ['a captured tensor, cloned', /made outside/, of(() => tf.clone(outside))],
  ['a large constant', /constant of 5000 elements/, of((x) => tf.add(tf.sum(x), tf.tensor1d(large)))],
  ['a read of a result', /reads the values of a tensor/, of((x) => tf.mul(x, tf.sum(x).dataSync()[0] as number))],
  ['a read of an input', /reads the values of a tensor/, of((x) => (x.dataSync()[0] === 0 ? tf.neg(x) : x))],
  ['an output whose shape depends on data', /tf\.unique gives a tensor whose shape/, of((x) => tf.unique(x).values)],
  ['a frozen draw', /tf\.randomUniform draws random numbers/, of((x) => tf.add(x, tf.randomUniform([3])))],
  ['a frozen normal draw', /tf\.randomNormal draws random numbers/, of((x) => tf.add(x, tf.randomNormal([3])))],
  ['dropout', /tf\.randomUniform \(within tf\.dropout\) draws random numbers/, of((x) => tf.dropout(x, 0.5))],
  ['a draw by the library', /tf\.multinomial draws random numbers/, of((x) => tf.multinomial(x as Tensor1D, 2))],
  ['text', /uses text/, of((x) => tf.where(tf.equal(tf.tensor1d(['a', 'b', 'c']), tf.scalar('a')), x, tf.neg(x)))],
  ['a bool output', /Output 0 of refused is bool/, of((x) => tf.greater(x, 0))],
];

describe('a traced function refuses', () => {
  it.each(refusals)('%s, and leaves no tensor behind', (_, message, fn) => {
    const before = { held: binding.getNumOfTensors(), sessions: binding.getNumOfSavedModels(), using: tf.getBackend() };
    expect(() => backend.trace('refused', fn, [vector])).toThrow(
      expect.objectContaining({ code: 'TRACE_REFUSED', message: expect.stringMatching(message) }),
    );
    expect({
      held: binding.getNumOfTensors(),
      sessions: binding.getNumOfSavedModels(),
      using: tf.getBackend(),
    }).toEqual(before);
  });

  it('nothing else: tracing works after a refusal, and captured tensors are whole', async () => {
    expect(Array.from(outside.dataSync())).toEqual([1, 2, 3]);
    const two = () => tf.scalar(2).dataSync()[0] as number;
    const traced = backend.trace(
      'fine',
      of((x) => tf.mul(x, two())),
      [vector],
    );
    expect(await traced.run([Float32Array.of(1, 2, 3)])).toEqual([Float32Array.of(2, 4, 6)]);
  });

  it('inputs and outputs of another size or type', async () => {
    const traced = backend.trace(
      'sized',
      of((x) => tf.neg(x)),
      [vector],
    );
    await expect(traced.run([new Float32Array(2)])).rejects.toThrow(
      'input 0 of sized takes float32[3], got Float32Array of 2',
    );
    await expect(traced.run([new Int32Array(3)])).rejects.toThrow('got Int32Array of 3');
    await expect(traced.run([])).rejects.toThrow('takes 1 inputs, got 0');
    await expect(traced.run([new Float32Array(3)], [new Float32Array(4)])).rejects.toThrow('output 0 of sized');
  });

  it('an index out of range, at the run that brings it', async () => {
    const table: TensorSpec = { shape: [3, 2], dtype: 'float32' };
    const ids: TensorSpec = { shape: [2], dtype: 'int32' };
    const traced = backend.trace('gather', ([x, i]) => [tf.gather(x as Tensor, i as Tensor)], [table, ids]);
    const before = binding.getNumOfTensors();
    await expect(traced.run([new Float32Array(6), Int32Array.of(0, 3)])).rejects.toThrow(/is not in \[0, 3\)/);
    expect(binding.getNumOfTensors()).toBe(before);
    expect(await traced.run([Float32Array.of(1, 2, 3, 4, 5, 6), Int32Array.of(2, 0)])).toEqual([
      Float32Array.of(5, 6, 1, 2),
    ]);
  });
});
