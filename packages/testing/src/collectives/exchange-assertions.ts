import assert from 'node:assert/strict';
import type { LaneResiduals, StepResult } from '@tributary/collectives';
import type { ReferenceStep } from './exchange-reference.js';

function bytesOf(values: Float32Array | Float64Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function assertBits(
  actual: Float32Array | Float64Array,
  expected: Float32Array | readonly number[],
  what: string,
): void {
  const wanted = expected instanceof Float32Array ? expected : Float64Array.from(expected);
  assert.equal(actual.length, wanted.length, `${what}: length`);
  if (bytesOf(actual).equals(bytesOf(wanted))) return;
  // One NaN is as good as another.
  const at = actual.findIndex((value, i) => !Object.is(value, wanted[i]));
  if (at >= 0) assert.fail(`${what}: element ${at} is ${actual[at]} instead of ${wanted[at]}`);
}

export function assertStep(
  actual: StepResult,
  expected: ReferenceStep,
  hosted: ReadonlySet<string>,
  where: string,
): void {
  assert.deepEqual([...actual.nonFinite], expected.nonFinite, `${where}: non-finite lanes`);
  assert.equal(actual.skipped, expected.skipped, `${where}: why it is skipped`);
  assert.deepEqual(actual.presentTasks, expected.presentTasks, `${where}: present tasks`);
  assertBits(actual.losses, expected.losses, `${where}: losses`);
  assertBits(actual.tokens, expected.tokens, `${where}: tokens`);
  assert.deepEqual(
    actual.matrices.map(({ group }) => group),
    expected.matrices.map(({ group }) => group),
    `${where}: groups`,
  );
  for (const [at, matrix] of expected.matrices.entries()) {
    const of = `${where}, group ${matrix.group}`;
    assertBits(actual.matrices[at]?.gram as Float64Array, matrix.gram, `${of}: Gram matrix`);
    assertBits(actual.matrices[at]?.coefficients as Float64Array, matrix.coefficients, `${of}: coefficients`);
  }
  const over = (of: 'gram' | 'coefficients', divisor: number): number[] =>
    (expected.matrices[0]?.[of] ?? []).map(
      (_, i) => expected.matrices.reduce((sum, matrix) => sum + (matrix[of][i] as number), 0) / divisor,
    );
  assertBits(actual.gram, over('gram', 1), `${where}: Gram matrix over the groups`);
  assertBits(actual.coefficients, over('coefficients', expected.matrices.length), `${where}: mean coefficients`);
  assert.ok(Object.is(actual.norm, expected.norm), `${where}: norm ${actual.norm} instead of ${expected.norm}`);
  assert.ok(Object.is(actual.scale, expected.scale), `${where}: scale ${actual.scale} instead of ${expected.scale}`);
  assert.deepEqual(actual.combinerState, expected.combinerState, `${where}: state of the combiner`);
  assert.deepEqual(new Set(actual.tasks.keys()), hosted, `${where}: tasks hosted here`);
  assertVectors(actual, expected, where);
  assert.ok(actual.exposedMs >= 0, `${where}: exposed time`);
}

export function assertVectors(actual: StepResult, expected: ReferenceStep, where: string): void {
  assertBits(actual.shared, expected.shared, `${where}: shared gradient`);
  for (const [task, gradient] of actual.tasks)
    assertBits(gradient, expected.tasks.get(task) as Float32Array, `${where}: gradient of task ${task}`);
}

export function assertResiduals(
  actual: LaneResiduals | null,
  expected: LaneResiduals | undefined,
  where: string,
): void {
  assert.equal(actual === null, expected === undefined, `${where}: whether it has a residual`);
  if (actual === null || expected === undefined) return;
  assertBits(actual.shared, expected.shared, `${where}: residual of the shared gradient`);
  assert.equal(actual.task === null, expected.task === null, `${where}: whether its task gradient is coded`);
  if (actual.task !== null) assertBits(actual.task, expected.task as Float32Array, `${where}: residual of its task`);
}
