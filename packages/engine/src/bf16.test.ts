import { describe, expect, it } from 'vitest';
import type { ComputeBackend, Data, TensorFunction, TensorSpec } from './compute-backend.js';
import { openBackend } from './open-backend.js';
import { linear } from './operations/linear.js';
import { openTensorflowEager } from './tensorflow/tensorflow-backend.js';
import { type Tensor, tf } from './tensorflow-js.js';
import { drawInputs, float } from './testing/operation-cases.js';
import { sequenceFunction } from './testing/sequence-function.js';

const options = { device: 'cpu', threads: 1 } as const;
const backends: readonly ComputeBackend[] = [
  await openBackend({ ...options, prefer: 'tensorflow' }),
  openTensorflowEager(options),
  await openBackend({ ...options, prefer: 'wasm' }),
  await openBackend({ ...options, prefer: 'cpu' }),
];

const [rows, inner, columns] = [24, 64, 40];
const product: TensorFunction = ([x, w]) => [tf.matMul(x as Tensor, w as Tensor)];
const products: readonly [string, readonly TensorSpec[], TensorFunction][] = [
  ['matMul', [float([rows, inner]), float([inner, columns])], product],
  [
    'matMul, a transposed',
    [float([inner, rows]), float([inner, columns])],
    ([x, w]) => [tf.matMul(x as Tensor, w as Tensor, true)],
  ],
  ['matMul of heads', [float([2, 3, rows, inner]), float([2, 3, inner, columns])], product],
  [
    'linear',
    [float([rows, inner]), float([columns, inner]), float([columns])],
    ([x, w, b]) => [linear(x as Tensor, w as Tensor, b as Tensor, true)],
  ],
];

/** Largest difference of two arrays. */
const distance = (a: Data, b: Data): number =>
  [...a].reduce((worst, value, index) => Math.max(worst, Math.abs(value - (b[index] as number))), 0);

/** Sums of `inner` products of numbers below 1: each operand is off by 2^-9 of itself at most, a result in bf16 by 2^-9. */
const operandRounding = inner * 2 ** -8 * 0.25;

describe.each(products)('%s in bf16', (name, inputs, fn) => {
  const data = drawInputs(name, inputs);
  const run = async (backend: ComputeBackend, precision: 'float32' | 'bf16') => {
    const traced = backend.trace(name, fn, inputs, { precision });
    const [result] = await traced.run(data);
    traced.dispose();
    return result as Data;
  };

  it('lies near float32, and op-by-op backends agree to float32 rounding', async () => {
    const [traced, ...eager] = await Promise.all(backends.map((backend) => run(backend, 'bf16')));
    const full = await run(backends[0] as ComputeBackend, 'float32');
    const off = distance(traced as Data, full);
    expect(off).toBeGreaterThan(1e-4);
    expect(off).toBeLessThan(operandRounding);
    const largest = [...full].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const other of eager) {
      expect(distance(other, eager[0] as Data)).toBeLessThan(1e-5);
      // The graph's product leaves in bf16: half a unit in the eighth bit of the largest result.
      expect(distance(other, traced as Data)).toBeLessThanOrEqual(largest * 2 ** -8);
    }
  });
});

describe('training in bf16', () => {
  const sequence = sequenceFunction({ vocabulary: 12, width: 32, batch: 16, length: 4 });

  async function losses(precision: 'float32' | 'bf16', steps: number): Promise<number[]> {
    const traced = (backends[0] as ComputeBackend).trace('train', sequence.fn, sequence.inputs, { precision });
    const [flat, source, target] = sequence.draw(5) as [Float32Array, Int32Array, Int32Array];
    const curve: number[] = [];
    for (let step = 0; step < steps; step++) {
      const [loss, gradient] = (await traced.run([flat, source, target])) as [Data, Data];
      curve.push(loss[0] as number);
      gradient.forEach((g, i) => {
        flat[i] = (flat[i] as number) - 0.5 * g;
      });
    }
    traced.dispose();
    return curve;
  }

  it('follows the loss of float32 within 0.01 nats over 200 steps that learn', async () => {
    const [full, half] = [await losses('float32', 200), await losses('bf16', 200)];
    const worst = distance(Float64Array.from(full) as never, Float64Array.from(half) as never);
    console.log(
      `loss ${full[0]?.toFixed(3)} to ${full.at(-1)?.toFixed(4)}; bf16 is at most ${worst.toFixed(5)} nats away`,
    );
    expect(full.at(-1)).toBeLessThan(0.2 * (full[0] as number));
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(0.01);
  });
});
