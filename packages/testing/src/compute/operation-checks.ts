import assert from 'node:assert/strict';
import type { ComputeBackend, TensorFunction } from '@tributary/engine';
import {
  arrayCases,
  compositeCases,
  drawInputs,
  elementwiseCases,
  gradientOf,
  type OperationCase,
  productCases,
  reductionCases,
} from '@tributary/engine/internal';
import type { BackendCheck, BackendComplianceDeps } from './backend-check.js';
import { assertNear } from './compare-results.js';

const usualError = 3e-6;

async function compare(
  backend: ComputeBackend,
  { reference, tolerances }: BackendComplianceDeps,
  { name, inputs }: OperationCase,
  fn: TensorFunction,
  what: string,
): Promise<void> {
  const data = drawInputs(name, inputs);
  const expected = reference.trace(name, fn, inputs);
  const traced = backend.trace(name, fn, inputs);
  try {
    assert.deepEqual(traced.outputs, expected.outputs, `${what}: shapes and types of the outputs`);
    const [results, wanted] = [await traced.run(data), await expected.run(data)];
    assertNear(results, wanted, tolerances?.[name]?.error ?? usualError, what);
  } finally {
    traced.dispose();
    expected.dispose();
  }
}

/** Each operation as models use it, on random input, and where it has one its gradient. */
export function operationChecks(): Record<string, BackendCheck> {
  const cases = [...elementwiseCases, ...arrayCases, ...reductionCases, ...productCases, ...compositeCases];
  return Object.fromEntries(
    cases.map((operation): [string, BackendCheck] => [
      `computes ${operation.name}${operation.differentiable ? ' and its gradient' : ''}`,
      async (backend, deps) => {
        await compare(backend, deps, operation, operation.fn, operation.name);
        if (!operation.differentiable) return;
        await compare(backend, deps, operation, gradientOf(operation), `the gradient of ${operation.name}`);
      },
    ]),
  );
}
