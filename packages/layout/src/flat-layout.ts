/** Elements of one block of the shared gradient (the unit of inner products; see `@tributary/protocol`). */
export interface ParameterEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** First element in the flat vector. */
  readonly offset: number;
  readonly size: number;
}

/** Where each named parameter lies in one flat Float32Array. Order is the order of declaration and never changes. */
export interface FlatLayout {
  readonly entries: readonly ParameterEntry[];
  /** Length of the flat vector in elements. */
  readonly elements: number;
}

export function flatLayout(
  parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
): FlatLayout {
  const names = new Set<string>();
  let offset = 0;
  const entries = parameters.map(({ name, shape }) => {
    if (names.has(name)) throw new RangeError(`parameter "${name}" is declared twice`);
    names.add(name);
    const size = shape.reduce((product, dim) => product * dim, 1);
    const entry = { name, shape, offset, size };
    offset += size;
    return entry;
  });
  return { entries, elements: offset };
}

/** Number of fixed blocks that cover a flat vector; the last may be partial. */
export function blockCount(elements: number, blockElements: number): number {
  return Math.ceil(elements / blockElements);
}

/** The view of one parameter in a flat vector. */
export function viewOf(layout: FlatLayout, flat: Float32Array, name: string): Float32Array {
  const entry = layout.entries.find((candidate) => candidate.name === name);
  if (!entry) throw new RangeError(`no parameter "${name}" in this layout`);
  return flat.subarray(entry.offset, entry.offset + entry.size);
}
