/** exp(xᵢ) / Σ exp(xⱼ), from the largest down, so that nothing overflows. Uses Math.exp. */
export function softmax(logits: readonly number[]): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  let sum = 0;
  for (const power of powers) sum += power;
  return powers.map((power) => power / sum);
}
