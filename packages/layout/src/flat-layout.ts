/** Where one named parameter lies. */
export interface ParameterEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** First element in the flat vector. */
  readonly offset: number;
  readonly size: number;
}

/** Neighbouring parameters that are looked at together. */
export interface LayoutGroup {
  readonly name: string;
  /** First element; a multiple of the alignment. */
  readonly offset: number;
  /** Elements, without the padding behind them. */
  readonly size: number;
}

/**
 * Where each named parameter lies in one flat Float32Array. Order is the order of declaration and never changes. Elements between
 * groups belong to no parameter and are zeros, in parameters and gradients alike.
 */
export interface FlatLayout {
  readonly entries: readonly ParameterEntry[];
  /** In order; none where no parameter names one. */
  readonly groups: readonly LayoutGroup[];
  /** Length of the flat vector in elements. */
  readonly elements: number;
}

/** A parameter before it has a place. */
export interface DeclaredParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its group, where parameters are grouped: then all of them are. */
  readonly group?: string | undefined;
}

/**
 * @param alignment a group starts on a multiple of it
 * @throws RangeError for a name that stands twice, and for groups whose parameters are not neighbours
 */
export function flatLayout(parameters: readonly DeclaredParameter[], alignment = 1): FlatLayout {
  const names = new Set<string>();
  const groups: { name: string; offset: number; size: number }[] = [];
  let offset = 0;
  const entries = parameters.map(({ name, shape, group }) => {
    if (names.has(name)) throw new RangeError(`parameter "${name}" is declared twice`);
    names.add(name);
    const size = shape.reduce((product, dim) => product * dim, 1);
    if ((group === undefined) !== (parameters[0]?.group === undefined))
      throw new RangeError(`either all parameters have a group or none, but "${name}" differs from the first`);
    if (group !== undefined && group !== groups.at(-1)?.name) {
      if (groups.some((other) => other.name === group))
        throw new RangeError(`parameter "${name}" is not beside the others of group "${group}"`);
      offset = Math.ceil(offset / alignment) * alignment;
      groups.push({ name: group, offset, size: 0 });
    }
    const entry = { name, shape, offset, size };
    offset += size;
    const current = groups.at(-1);
    if (current) current.size += size;
    return entry;
  });
  return { entries, groups, elements: offset };
}

/** Number of fixed blocks that cover a flat vector; the last may be partial. */
export function blockCount(elements: number, blockElements: number): number {
  return Math.ceil(elements / blockElements);
}

/** A group as a run of whole blocks. */
export interface GroupBlocks {
  readonly name: string;
  readonly firstBlock: number;
  readonly blockCount: number;
}

/** The blocks of each group, in order; together they are all blocks. The layout's alignment must be that of blocks. */
export function groupBlocks({ groups }: FlatLayout, blockElements: number): GroupBlocks[] {
  return groups.map(({ name, offset, size }) => {
    if (offset % blockElements !== 0)
      throw new RangeError(`group "${name}" starts within a block, at element ${offset}`);
    return { name, firstBlock: offset / blockElements, blockCount: blockCount(size, blockElements) };
  });
}

/** The view of one parameter in a flat vector. */
export function viewOf(layout: FlatLayout, flat: Float32Array, name: string): Float32Array {
  const entry = layout.entries.find((candidate) => candidate.name === name);
  if (!entry) throw new RangeError(`no parameter "${name}" in this layout`);
  return flat.subarray(entry.offset, entry.offset + entry.size);
}
