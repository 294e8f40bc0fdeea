/**
 * The sum of the rows of `values` that carry each segment's number: row i of `values` (`width` elements) is added to
 * row `segments[i]` of the result. Rows whose number lies outside 0..count-1 are dropped, as in TensorFlow.
 * Rows are added in order, so the result does not depend on anything but its arguments.
 */
export function unsortedSegmentSum<T extends Float32Array | Int32Array>(
  values: T,
  segments: Int32Array,
  count: number,
  width: number,
  sum: T,
): T {
  for (let row = 0, from = 0; row < segments.length; row++, from += width) {
    const segment = segments[row] as number;
    if (segment < 0 || segment >= count) continue;
    const to = segment * width;
    for (let column = 0; column < width; column++) {
      sum[to + column] = (sum[to + column] as number) + (values[from + column] as number);
    }
  }
  return sum;
}
