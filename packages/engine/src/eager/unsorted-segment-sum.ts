type Numbers = Float32Array | Int32Array;

/**
 * Adds the rows of `values` (`width` elements each) into the rows of `sum` that they belong to: row i into row
 * `segments[i]`. Rows whose number lies outside 0..count-1 are dropped, as in TensorFlow. Rows are added in order, so
 * the result depends on nothing but the arguments.
 */
export function unsortedSegmentSum(
  values: Numbers,
  segments: Int32Array,
  count: number,
  width: number,
  sum: Numbers,
): void {
  for (let row = 0, from = 0; row < segments.length; row++, from += width) {
    const segment = segments[row] as number;
    if (segment < 0 || segment >= count) continue;
    const to = segment * width;
    for (let column = 0; column < width; column++) {
      sum[to + column] = (sum[to + column] as number) + (values[from + column] as number);
    }
  }
}
