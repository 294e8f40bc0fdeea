import { randomStream } from '@tributary/random';
import { expect, it } from 'vitest';
import { vectorMemory } from '../vector-memory.js';
import { codecNamed } from './codec-named.js';

const length = 3_000;
const steps = 400;
const draws = randomStream(1, 'error-feedback');
/** Elements of very unlike sizes under one scale: most are far below half a step of the code, and none but the residual sees them. */
const size = Float64Array.from({ length }, () => 10 ** (-4 * draws.uniform()));
const drift = Float64Array.from({ length }, () => draws.normal());

interface Course {
  /** Largest |Σ gradients - Σ decoded - residual| of an element, which rounding of the sums alone makes. */
  readonly unaccounted: number;
  /** Largest |Σ gradients - Σ decoded| of an element, in steps of its group's code. */
  readonly behind: number;
}

function course(feedback: boolean, way: 'auto' | 'javascript'): Course {
  const memory = vectorMemory(1 << 20, way);
  const codec = codecNamed('int8', memory);
  const gradient = memory.float32(length);
  const decoded = memory.float32(length);
  const code = memory.bytes(codec.encodedBytes(length));
  let [before, after] = [memory.float32(length), memory.float32(length)];
  const asked = new Float64Array(length);
  const given = new Float64Array(length);
  let largestStep = 0;
  const noise = randomStream(2, 'error-feedback');
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < length; i++) gradient[i] = (size[i] as number) * ((drift[i] as number) + noise.normal());
    codec.encode(gradient, code, { residual: { before, after }, decoded });
    for (let i = 0; i < length; i++) {
      asked[i] = (asked[i] as number) + (gradient[i] as number);
      given[i] = (given[i] as number) + (decoded[i] as number);
    }
    for (let at = 0; at < code.length; at += 1_028)
      largestStep = Math.max(largestStep, new DataView(code.buffer, code.byteOffset + at).getFloat32(0, true));
    if (feedback) [before, after] = [after, before];
  }
  const residual = feedback ? before : new Float32Array(length);
  let unaccounted = 0;
  let behind = 0;
  for (let i = 0; i < length; i++) {
    const difference = (asked[i] as number) - (given[i] as number);
    unaccounted = Math.max(unaccounted, Math.abs(difference - (residual[i] as number)));
    behind = Math.max(behind, Math.abs(difference) / largestStep);
  }
  return { unaccounted, behind };
}

it.each(['auto', 'javascript'] as const)('the sum of the codes follows the sum of the gradients (%s)', (way) => {
  const { unaccounted, behind } = course(true, way);
  expect(unaccounted).toBeLessThan(1e-4);
  expect(behind).toBeLessThan(0.501);
});

it('falls ever further behind without the residual', () => {
  expect(course(false, 'auto').behind).toBeGreaterThan(10);
});
