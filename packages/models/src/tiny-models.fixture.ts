import { type ModelSpec, runFileSchema } from '@tributary/config';
import { randomStream } from '@tributary/random';
import type { BatchShape } from './task-model.js';
import { droppingTransformers, tinyTransformers } from './transformer-models.fixture.js';

/** A model of a run file with its defaults filled in. */
export const modelSpec = (model: object): ModelSpec =>
  runFileSchema.parse({
    experiment: 'x',
    tasks: [{ name: 'a', data: { source: 'words', kind: 'spell' } }],
    budget: { steps: 1 },
    model,
  }).model;

interface TinyOptions {
  readonly encoder?: 'gru' | 'lstm';
  readonly generator?: 'gru' | 'lstm';
  readonly layers?: number;
  readonly bidirectional?: boolean;
  readonly share?: 'source' | 'all';
  readonly attention?: object;
  readonly dropout?: number;
}

const tiny = (title: string, options: TinyOptions) => {
  const { encoder = 'gru', generator = 'gru', layers = 1, bidirectional = false, dropout = 0 } = options;
  return {
    title,
    model: modelSpec({
      embedding: { size: 3, share: options.share ?? 'source' },
      encoder: { kind: encoder, hidden: 4, layers, bidirectional, dropout },
      attention: options.attention ?? { kind: 'luong' },
      generator: { kind: generator, hidden: 5, dropout },
    }),
  };
};

const bahdanau = { kind: 'bahdanau', size: 6 };

/** Small models that cover every branch of the graph. */
export const tinyModels: readonly { readonly title: string; readonly model: ModelSpec }[] = [
  tiny('bahdanau, one direction', { attention: bahdanau }),
  tiny('bahdanau, both directions, 2 layers', { attention: bahdanau, bidirectional: true, layers: 2 }),
  tiny('luong, 2 layers, joint embedding', { layers: 2, share: 'all' }),
  tiny('luong, both directions', { bidirectional: true }),
  tiny('bahdanau, both directions, joint embedding', { attention: bahdanau, bidirectional: true, share: 'all' }),
  tiny('LSTM, both directions, 2 layers, normalised attention', {
    encoder: 'lstm',
    generator: 'lstm',
    bidirectional: true,
    layers: 2,
    attention: { ...bahdanau, normalize: true },
  }),
  tiny('LSTM to GRU, luong', { encoder: 'lstm' }),
  tiny('GRU to LSTM, exponential average, joint embedding', {
    generator: 'lstm',
    share: 'all',
    attention: { ...bahdanau, average: 'exponential' },
  }),
  ...tinyTransformers,
];

/** Models that drop units in training. */
export const droppingModels: typeof tinyModels = [
  tiny('dropping GRU, both directions, 2 layers', {
    bidirectional: true,
    layers: 2,
    dropout: 0.4,
    attention: bahdanau,
  }),
  tiny('dropping LSTM, joint embedding', { encoder: 'lstm', generator: 'lstm', share: 'all', dropout: 0.3 }),
  ...droppingTransformers,
];

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
