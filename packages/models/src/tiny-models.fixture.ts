import type { ModelSpec } from '@tributary/config';
import { randomStream } from '@tributary/random';
import type { BatchShape } from './sequence-model.js';

/** Small models that cover every branch of the graph. */
export const tinyModels: readonly { readonly title: string; readonly model: ModelSpec }[] = (
  [
    ['bahdanau', false, 1, 'source'],
    ['bahdanau', true, 2, 'source'],
    ['luong', false, 2, 'all'],
    ['luong', true, 1, 'source'],
    ['bahdanau', true, 1, 'all'],
  ] as const
).map(([kind, bidirectional, layers, share]) => ({
  title: `${kind}, ${bidirectional ? 'both directions' : 'one direction'}, ${layers} layers, embedding of ${share}`,
  model: {
    embedding: { size: 3, share },
    encoder: { kind: 'gru', hidden: 4, layers, bidirectional, dropout: 0 },
    attention: { kind, normalize: false, average: 'arithmetic', ...(kind === 'bahdanau' && { size: 6 }) },
    initial: [],
    generator: { kind: 'gru', hidden: 5, dropout: 0 },
  },
}));

export interface TinyBatch {
  readonly shape: BatchShape;
  readonly source: Int32Array;
  readonly target: Int32Array;
}

/** Lays out rows of symbols as a padded batch; a row of `undefined` is all padding. */
export function batchOf(
  rows: readonly ({ readonly source: readonly number[]; readonly target: readonly number[] } | undefined)[],
  size: { readonly source: number; readonly target: number },
): TinyBatch {
  const shape = { batch: rows.length, ...size };
  const source = new Int32Array(rows.length * size.source);
  const target = new Int32Array(rows.length * (size.target + 1));
  rows.forEach((row, index) => {
    if (!row) return;
    source.set(row.source, index * size.source);
    target.set([1, ...row.target, 2], index * (size.target + 1));
  });
  return { shape, source, target };
}

/** Draws symbols 4 … vocabulary - 1. */
export function drawSymbols(seed: number, name: string | number, length: number, vocabulary: number): number[] {
  const stream = randomStream(seed, 'symbols', name);
  return Array.from({ length }, () => 4 + stream.below(vocabulary - 4));
}
