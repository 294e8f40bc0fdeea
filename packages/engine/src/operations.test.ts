import { describe, expect, it } from 'vitest';
import type { ComputeBackend, Data } from './compute-backend.js';
import { openBackend } from './open-backend.js';
import { openTensorflowEager } from './tensorflow/tensorflow-backend.js';
import { arrayCases } from './testing/array-cases.js';
import { compositeCases } from './testing/composite-cases.js';
import { elementwiseCases } from './testing/elementwise-cases.js';
import { drawInputs, gradientOf, type OperationCase } from './testing/operation-cases.js';
import { productCases } from './testing/product-cases.js';
import { reductionCases } from './testing/reduction-cases.js';

const options = { device: 'cpu', threads: 1 } as const;
const reference = openTensorflowEager(options);
const backends = await Promise.all(
  (['tensorflow', 'wasm', 'cpu'] as const).map((prefer) => openBackend({ ...options, prefer })),
);
const cases = [...elementwiseCases, ...arrayCases, ...reductionCases, ...productCases, ...compositeCases];

/** Largest difference, relative to the larger of 1 and the expected value. NaN and infinities must match exactly. */
function worstError(actual: Data, expected: Data): number {
  let worst = 0;
  expected.forEach((value, index) => {
    const other = actual[index] as number;
    if (Object.is(value, other)) return;
    const error = Math.abs(value - other) / Math.max(1, Math.abs(value));
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  });
  return worst;
}

async function compare(backend: ComputeBackend, operation: OperationCase, fn: OperationCase['fn']): Promise<void> {
  const { name, inputs } = operation;
  const data = drawInputs(name, inputs);
  const expected = reference.trace(name, fn, inputs);
  const traced = backend.trace(name, fn, inputs);
  expect(traced.outputs).toEqual(expected.outputs);
  const results = await traced.run(data);
  (await expected.run(data)).forEach((values, index) => {
    expect(worstError(results[index] as Data, values)).toBeLessThan(3e-6);
  });
  traced.dispose();
}

for (const backend of backends) {
  describe(`${backend.version} against TensorFlow op by op`, () => {
    it.each(cases.map((operation) => [operation.name, operation] as const))('%s', async (_, operation) => {
      await compare(backend, operation, operation.fn);
      if (operation.differentiable) await compare(backend, operation, gradientOf(operation));
    });
  });
}
