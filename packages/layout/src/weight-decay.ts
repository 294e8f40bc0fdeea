import type { FlatLayout, ParameterEntry } from './flat-layout.js';

/** Elements offset .. offset + size - 1 of a flat vector. */
export interface ElementRange {
  readonly offset: number;
  readonly size: number;
}

/** Weight decay is for the matrices of products: a table of embeddings, a bias or a norm's gain has no use for it. */
function decays({ name, shape }: ParameterEntry): boolean {
  return shape.length === 2 && !/embedding|bias|norm/i.test(name);
}

/** The parameters that weight decay applies to, in order; neighbours are one range. */
export function decayedRanges(layout: FlatLayout): ElementRange[] {
  const ranges: { offset: number; size: number }[] = [];
  for (const { offset, size } of layout.entries.filter(decays)) {
    const last = ranges.at(-1);
    if (last && last.offset + last.size === offset) last.size += size;
    else ranges.push({ offset, size });
  }
  return ranges;
}
