/** The sizes of a gather with batch dimensions, each the product of the dimensions it stands for. */
export interface GatherSizes {
  /** Leading dimensions that values and indices share. */
  readonly batch: number;
  /** Dimensions of the values between those and the axis. */
  readonly outer: number;
  /** The axis that indices select from. */
  readonly axis: number;
  /** Dimensions of the values after the axis. */
  readonly inner: number;
  /** Indices in each batch. */
  readonly indices: number;
}

/** result[b, o, i, :] = values[b, o, indices[b, i], :] */
export function gatherRows<T extends Float32Array | Int32Array | Uint8Array>(
  values: T,
  indices: Int32Array,
  sizes: GatherSizes,
  result: T,
): T {
  let to = 0;
  for (let batch = 0; batch < sizes.batch; batch++) {
    for (let outer = 0; outer < sizes.outer; outer++) {
      const row = (batch * sizes.outer + outer) * sizes.axis;
      for (let i = 0; i < sizes.indices; i++, to += sizes.inner) {
        const index = indices[batch * sizes.indices + i] as number;
        if (index < 0 || index >= sizes.axis) throw new RangeError(`index ${index} is not in [0, ${sizes.axis})`);
        const from = (row + index) * sizes.inner;
        result.set(values.subarray(from, from + sizes.inner), to);
      }
    }
  }
  return result;
}
