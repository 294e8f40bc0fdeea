import type { WeightTensor } from '@tributary/models';

/** A tensor with one slice along an axis for each symbol of a vocabulary. */
export interface SymbolTensor extends WeightTensor {
  readonly vocabulary: readonly string[];
}

/**
 * Gives each symbol of our vocabulary the values that it has in another tensor; symbols that are not there keep ours.
 * @param axis which dimension is the vocabulary's: the first or the last
 * @returns null where the two do not have that dimension, or differ in another one
 */
export function bySymbol(theirs: SymbolTensor, ours: SymbolTensor, axis: 'first' | 'last'): WeightTensor | null {
  const [rest, theirRest] = [ours, theirs].map(({ shape }) => (axis === 'first' ? shape.slice(1) : shape.slice(0, -1)));
  const sized = ({ shape, vocabulary }: SymbolTensor): boolean =>
    shape[axis === 'first' ? 0 : shape.length - 1] === vocabulary.length;
  if (!sized(theirs) || !sized(ours) || String(rest) !== String(theirRest)) return null;
  const inner = axis === 'first' ? (rest ?? []).reduce((product, size) => product * size, 1) : 1;
  const data = new Float32Array(ours.data);
  const there = new Map(theirs.vocabulary.map((symbol, id) => [symbol, id]));
  const rows = data.length / (ours.vocabulary.length * inner);
  for (let row = 0; row < rows; row++)
    ours.vocabulary.forEach((symbol, id) => {
      const from = there.get(symbol);
      if (from === undefined) return;
      const begin = (row * theirs.vocabulary.length + from) * inner;
      data.set(theirs.data.subarray(begin, begin + inner), (row * ours.vocabulary.length + id) * inner);
    });
  return { shape: ours.shape, data };
}
