import type { Scalar, Tensor1D } from '@tensorflow/tfjs';
import { useSoftwareVulkan } from '@tributary/testing';
import { afterAll, describe, expect, it } from 'vitest';
import type { ComputeBackend, TensorFunction, TensorSpec } from './compute-backend.js';
import { openBackend } from './open-backend.js';
import type { NodeBackend } from './tensorflow/binding.js';
import { type Tensor, tf } from './tensorflow-js.js';

const vulkan = await useSoftwareVulkan();
const fallbacks = vulkan.available ? (['webgpu', 'wasm', 'cpu'] as const) : (['wasm', 'cpu'] as const);
const options = { device: 'cpu', threads: 1 } as const;
const tensorflow = await openBackend({ ...options, prefer: 'tensorflow' });
const { binding } = tf.findBackend('tensorflow') as unknown as NodeBackend;
const backends: readonly ComputeBackend[] = [
  tensorflow,
  ...(await Promise.all(fallbacks.map((prefer) => openBackend({ ...options, prefer })))),
];
const vector: TensorSpec = { shape: [3], dtype: 'float32' };
const random = Math.random;
const outside = tf.tensor1d([1, 2, 3]);
const variable = tf.variable(tf.tensor1d([1, 2, 3]));
const large = Float32Array.from({ length: 5000 }, (_, i) => i);

afterAll(() => {
  for (const backend of backends) backend.dispose();
});

/** A function of one tensor. */
const of =
  (fn: (x: Tensor) => Tensor | readonly Tensor[]): TensorFunction =>
  ([x]) => {
    const result = fn(x as Tensor);
    return Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
  };

const after = (_effect: unknown, x: Tensor): Tensor => x;

function disposed(x: Tensor): Tensor {
  x.dispose();
  return x;
}

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
  ['a draw by JavaScript', /Math\.random draws a number/, of((x) => tf.mul(x, Math.random()))],
  ['a read of a tensor made outside', /made outside/, of((x) => tf.mul(x, outside.dataSync()[0] as number))],
  ['a captured tensor as its output', /made outside/, of(() => outside)],
  ['a large constant as its output', /constant of 5000 elements/, of(() => tf.tensor1d(large))],
  ['a new variable', /makes a variable/, of((x) => tf.variable(x))],
  [
    'an assignment',
    /changes a float32 tensor of shape \[3\] made outside/,
    of((x) => after(variable.assign(tf.neg(x).as1D()), x)),
  ],
  ['a disposal', /changes a float32 tensor of shape \[3\] made outside/, of((x) => after(outside.dispose(), x))],
  ['a kept tensor', /keeps a float32 tensor of shape \[3\]/, of((x) => after(tf.keep(tf.neg(x)), tf.neg(x)))],
  ['a kept output', /keeps a float32 tensor of shape \[3\]/, of((x) => tf.keep(tf.neg(x)))],
  ['a disposed output', /returns a tensor at 0 that it disposed of/, of((x) => disposed(tf.neg(x)))],
  ['an asynchronous function', /it is asynchronous/, (async () => []) as unknown as TensorFunction],
  [
    'an awaited read',
    /it is asynchronous/,
    (async ([x]: Tensor[]) => [tf.mul(x as Tensor, (await x?.data())?.[0] as number)]) as unknown as TensorFunction,
  ],
  ['no output', /returns no array of tensors/, () => []],
  ['a bare tensor', /returns no array of tensors/, ((inputs: Tensor[]) => inputs[0]) as unknown as TensorFunction],
  ['a number as its output', /something at 0 that is no tensor/, (() => [1]) as unknown as TensorFunction],
  [
    'a trace within a trace',
    /is traced inside of refused/,
    of((x) => after(tensorflow.trace('inner', of(tf.neg), [vector]), x)),
  ],
  [
    'an optimizer',
    /tf\.mul uses a float32 tensor/,
    of((x) =>
      after(
        tf.train.sgd(0.1).minimize(() => tf.sum(tf.mul(variable, x)) as Scalar),
        x,
      ),
    ),
  ],
  ['a bool output', /Output 0 of refused is bool/, of((x) => tf.greater(x, 0))],
];

describe.each(backends)('$kind refuses', (backend) => {
  const held = () => ({
    tensors: tf.memory().numTensors,
    buffers: tf.memory().numDataBuffers,
    addon: binding.getNumOfTensors(),
    sessions: binding.getNumOfSavedModels(),
    graphs: backend.memory().graphs,
    variables: Object.keys(tf.engine().registeredVariables).length,
  });

  it.each(refusals)('%s, and leaves nothing behind', (_, message, fn) => {
    const before = held();
    expect(() => backend.trace('refused', fn, [vector])).toThrow(
      expect.objectContaining({ code: 'TRACE_REFUSED', message: expect.stringMatching(message) }),
    );
    expect(held()).toEqual(before);
    expect(Math.random).toBe(random);
  });

  it('nothing else: tracing works after a refusal, and captured tensors are whole', async () => {
    expect(Array.from(outside.dataSync())).toEqual([1, 2, 3]);
    expect(Array.from(variable.dataSync())).toEqual([1, 2, 3]);
    const two = () => tf.scalar(2).dataSync()[0] as number;
    const traced = backend.trace(
      'fine',
      of((x) => tf.mul(x, two())),
      [vector],
    );
    expect(await traced.run([Float32Array.of(1, 2, 3)])).toEqual([Float32Array.of(2, 4, 6)]);
    traced.dispose();
  });

  it('no input that comes back, no output that is there twice, no constant output', async () => {
    const traced = backend.trace(
      'plain',
      ([x]) => {
        const negative = tf.neg(x as Tensor);
        return [x as Tensor, negative, negative, tf.ones([2]), x as Tensor];
      },
      [vector],
    );
    const input = Float32Array.of(1, 2, 3);
    const outputs = await traced.run([input]);
    expect(outputs).toEqual([input, input.map((x) => -x), input.map((x) => -x), Float32Array.of(1, 1), input]);
    (outputs[0] as Float32Array)[0] = 9;
    expect(outputs[4]?.[0]).toBe(1);
    expect(input[0]).toBe(1);
    traced.dispose();
  });

  it('no function without inputs, and no tensor without elements', async () => {
    const constant = backend.trace('constant', () => [tf.range(0, 3)], []);
    expect(await constant.run([])).toEqual([Float32Array.of(0, 1, 2)]);
    const empty = backend.trace('empty', ([x]) => [tf.neg(x as Tensor), tf.sum(x as Tensor)], [
      { shape: [0, 3], dtype: 'float32' },
    ]);
    expect(empty.outputs.map(({ shape }) => shape)).toEqual([[0, 3], []]);
    expect(await empty.run([new Float32Array(0)])).toEqual([new Float32Array(0), Float32Array.of(0)]);
    constant.dispose();
    empty.dispose();
  });

  it('no second derivative, and no gradient written by hand', async () => {
    const square = tf.customGrad((x, save) => {
      (save as (tensors: Tensor[]) => void)([x as Tensor]);
      return {
        value: tf.square(x as Tensor),
        gradFunc: (dy, saved) => [tf.mul(dy, tf.mul((saved as Tensor[])[0] as Tensor, 2))],
      };
    });
    const before = held();
    const traced = backend.trace(
      'derivatives',
      of((x) => [
        tf.grad((y) => tf.sum(square(y)))(x),
        tf.grad((y) => tf.sum(tf.grad((z) => tf.sum(tf.mul(z, tf.square(z))))(y)))(x),
      ]),
      [vector],
    );
    expect(await traced.run([Float32Array.of(1, 2, 3)])).toEqual([
      Float32Array.of(2, 4, 6),
      Float32Array.of(6, 12, 18),
    ]);
    traced.dispose();
    expect(held()).toEqual(before);
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
    traced.dispose();
    await expect(traced.run([new Float32Array(3)])).rejects.toThrow('after it was disposed of');
  });
});

describe('tensorflow refuses', () => {
  it('an index out of range, at the run that brings it', async () => {
    const table: TensorSpec = { shape: [3, 2], dtype: 'float32' };
    const ids: TensorSpec = { shape: [2], dtype: 'int32' };
    const traced = tensorflow.trace('gather', ([x, i]) => [tf.gather(x as Tensor, i as Tensor)], [table, ids]);
    const before = binding.getNumOfTensors();
    await expect(traced.run([new Float32Array(6), Int32Array.of(0, 3)])).rejects.toThrow(/is not in \[0, 3\)/);
    expect(binding.getNumOfTensors()).toBe(before);
    expect(await traced.run([Float32Array.of(1, 2, 3, 4, 5, 6), Int32Array.of(2, 0)])).toEqual([
      Float32Array.of(5, 6, 1, 2),
    ]);
  });
});
