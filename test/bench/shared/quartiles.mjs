export { median } from '../engine/statistics.mjs';

/** Lower and upper quartile, by linear interpolation. */
export function quartiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.25, 0.75].map((share) => {
    const at = share * (sorted.length - 1);
    const low = sorted[Math.floor(at)];
    return low + (sorted[Math.ceil(at)] - low) * (at % 1);
  });
}
