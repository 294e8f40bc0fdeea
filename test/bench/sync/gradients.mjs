/** Gradients that every process can compute for every member: half of a value is common to all, so that tasks agree in part. */

const unit = (number) => (Math.imul(number, 2654435761) >>> 8) / 2 ** 24 - 0.5;

/** Element `i` of member `m`'s gradient, in -0.5 to 0.5, as float32. */
export function element(member, i) {
  const own = unit(Math.imul(i + 1, 40503) ^ Math.imul(member + 1, 0x9e3779b1));
  return Math.fround(0.5 * unit(i + 1) + 0.5 * own);
}

export function fillGradient(target, member) {
  for (let i = 0; i < target.length; i++) target[i] = element(member, i);
}

/**
 * How far an element may lie from the exact combination: a lane's code and the combined one's. int8: half a step of 1/127 of the
 * largest, twice for the lane, whose residual of the step before is in it.
 */
const tolerances = { fp32: 1e-6, bf16: 2 * 2 ** -9, int8: 3 * (0.6 / 254) };

/** Throws where `result` is not Σ coefficients[m]·gradient[m], up to the codec's error. Elements all over the vector are compared. */
export function checkCombination(result, coefficients, codec, who) {
  const size = coefficients.reduce((sum, coefficient) => sum + Math.abs(coefficient), 0);
  const allowed = tolerances[codec] * Math.max(1, size);
  const stride = Math.max(1, Math.floor(result.length / 100_000));
  for (let i = 0; i < result.length; i += stride) {
    const expected = coefficients.reduce((sum, coefficient, member) => sum + coefficient * element(member, i), 0);
    if (!(Math.abs(result[i] - expected) <= allowed))
      throw new Error(`${who}: element ${i} of the result is ${result[i]}, and should be ${expected} ± ${allowed}`);
  }
}
