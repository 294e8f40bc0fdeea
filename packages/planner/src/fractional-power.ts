/** Binary places of a fractional exponent: those of a float64. */
const places = 52;

/**
 * base^exponent for base in 0 .. 1 and exponent of at least 0, by multiplications and square roots alone: IEEE 754 rounds
 * these exactly, while `Math.pow` may differ between JavaScript engines.
 */
export function fractionalPower(base: number, exponent: number): number {
  let result = 1;
  for (let factor = base, rest = Math.floor(exponent); rest > 0; rest = Math.floor(rest / 2), factor *= factor)
    if (rest % 2 === 1) result *= factor;
  let root = base;
  let rest = exponent - Math.floor(exponent);
  for (let place = 0; place < places && rest > 0; place++) {
    root = Math.sqrt(root);
    rest *= 2;
    if (rest < 1) continue;
    result *= root;
    rest -= 1;
  }
  return result;
}
