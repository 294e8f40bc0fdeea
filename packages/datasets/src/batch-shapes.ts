import type { EncodedSplit } from './encoded-split.js';

/** Fixed size of a batch: `batch` rows of `source` symbols or vectors and `target` predicted positions (`</s>` included). */
export interface BatchShape {
  readonly batch: number;
  readonly source: number;
  readonly target: number;
}

/** Shapes in rising order: each is at least as large as the one before in both lengths. */
export type ShapeChain = readonly BatchShape[];

const candidateCount = 64;

/** A length rounded up a little, so that near-equal lengths share a shape. */
function roundUp(length: number): number {
  const grain = length <= 32 ? 2 : length <= 128 ? 4 : 8;
  return Math.ceil(length / grain) * grain;
}

/** Predicted positions of a target: its symbols and `</s>`, or its vectors alone. */
export function predictedLength(split: EncodedSplit, pair: number): number {
  return split.target(pair).length + (split.targetWidth > 0 ? 0 : 1);
}

/** Source and target (predicted positions) length of each pair of a split. */
export interface PairLengths {
  readonly source: Int32Array;
  readonly target: Int32Array;
}

export function pairLengths(split: EncodedSplit): PairLengths {
  return {
    source: split.exampleOf.map((example) => split.source(example).length),
    target: Int32Array.from({ length: split.pairCount }, (_, pair) => predictedLength(split, pair)),
  };
}

/**
 * At most `buckets` shapes that hold every pair with the least padding. Candidates are the joint quantiles of source and target length,
 * nested, so a pair fits its own shape and all later ones; the choice among them is exact (dynamic programming over the
 * padded source and target positions).
 */
export function chooseShapes(lengths: PairLengths, batch: number, buckets: number): ShapeChain {
  const candidates = quantileChain(lengths, batch);
  const level = shapeLookup(candidates);
  const below = new Float64Array(candidates.length + 1);
  lengths.source.forEach((source, pair) => {
    const index = level(source, lengths.target[pair] as number) + 1;
    below[index] = (below[index] as number) + 1;
  });
  for (let i = 1; i < below.length; i++) below[i] = (below[i] as number) + (below[i - 1] as number);
  // best[k][j]: least cost of covering the candidates below j with k shapes, the last of them j - 1.
  const size = (j: number): number => (candidates[j] as BatchShape).source + (candidates[j] as BatchShape).target;
  let best = Array.from({ length: candidates.length + 1 }, (_, j) => ({
    cost: j === 0 ? 0 : Infinity,
    chosen: [] as number[],
  }));
  let result = { cost: Infinity, chosen: [] as number[] };
  for (let k = 0; k < buckets; k++) {
    best = best.map((_, j) => {
      let least = { cost: Infinity, chosen: [] as number[] };
      for (let i = 0; i < j; i++) {
        const before = best[i] as { cost: number; chosen: number[] };
        const cost = before.cost + ((below[j] as number) - (below[i] as number)) * size(j - 1);
        if (cost < least.cost) least = { cost, chosen: [...before.chosen, j - 1] };
      }
      return least;
    });
    const whole = best[candidates.length] as { cost: number; chosen: number[] };
    if (whole.cost < result.cost) result = whole;
  }
  return result.chosen.map((index) => candidates[index] as BatchShape);
}

function quantileChain(lengths: PairLengths, batch: number): BatchShape[] {
  const sources = lengths.source.slice().sort();
  const targets = lengths.target.slice().sort();
  const chain: BatchShape[] = [];
  for (let j = 1; j <= candidateCount; j++) {
    const at = Math.ceil((j * sources.length) / candidateCount) - 1;
    if (at < 0) continue;
    const shape = { batch, source: roundUp(sources[at] as number), target: roundUp(targets[at] as number) };
    const last = chain.at(-1);
    if (last === undefined || last.source !== shape.source || last.target !== shape.target) chain.push(shape);
  }
  return chain;
}

/** Index of the first shape of a chain that holds a pair of these lengths, or the chain's length if none does. */
export function shapeLookup(shapes: ShapeChain): (source: number, target: number) => number {
  const first = (length: number, side: 'source' | 'target'): number => {
    const found = shapes.findIndex((shape) => shape[side] >= length);
    return found === -1 ? shapes.length : found;
  };
  return (source, target) => Math.max(first(source, 'source'), first(target, 'target'));
}

/** A chain with one more shape where the longest of these pairs does not fit. */
export function extendShapes(shapes: ShapeChain, lengths: PairLengths, batch: number): ShapeChain {
  const longest = (values: Int32Array): number => roundUp(values.reduce((most, value) => Math.max(most, value), 1));
  const last = shapes.at(-1) ?? { batch, source: 0, target: 0 };
  const source = Math.max(last.source, longest(lengths.source));
  const target = Math.max(last.target, longest(lengths.target));
  return source === last.source && target === last.target ? shapes : [...shapes, { batch, source, target }];
}
