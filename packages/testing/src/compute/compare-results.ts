import assert from 'node:assert/strict';
import type { Data } from '@tributary/engine';

/** Largest difference, relative to the larger of 1 and the expected value. NaN and infinities must match exactly. */
export function worstError(actual: Data, expected: Data): number {
  let worst = 0;
  expected.forEach((value, index) => {
    const other = actual[index] as number;
    if (Object.is(value, other) || value === other) return;
    const error = Math.abs(value - other) / Math.max(1, Math.abs(value));
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  });
  return worst;
}

/** Throws where a result is farther from the expected one than `tolerance`. */
export function assertNear(actual: readonly Data[], expected: readonly Data[], tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: number of outputs`);
  expected.forEach((values, index) => {
    const result = actual[index] as Data;
    assert.equal(result.constructor, values.constructor, `${what}: type of output ${index}`);
    assert.equal(result.length, values.length, `${what}: length of output ${index}`);
    const error = worstError(result, values);
    assert.ok(error <= tolerance, `${what}: output ${index} is off by ${error}, more than ${tolerance}`);
  });
}

/** Throws unless the results are the same, bit for bit. */
export function assertSameBits(actual: readonly Data[], expected: readonly Data[], what: string): void {
  const bytes = (data: Data): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  assert.equal(actual.length, expected.length, `${what}: number of outputs`);
  expected.forEach((values, index) => {
    assert.deepEqual(bytes(actual[index] as Data), bytes(values), `${what}: bits of output ${index}`);
  });
}
