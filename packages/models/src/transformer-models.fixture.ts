import type { ModelSpec } from '@tributary/config';

const attention = { kind: 'bahdanau', normalize: false, average: 'arithmetic', size: 6 } as const;
const transformer = { kind: 'transformer', width: 6, layers: 2, heads: 2, dropout: 0 } as const;
const gru = { kind: 'gru', hidden: 5, dropout: 0 } as const;

/** Small models with Transformer parts, alone and beside recurrent ones. */
export const tinyTransformers: readonly { readonly title: string; readonly model: ModelSpec }[] = [
  {
    title: 'Transformer, embedding of its width, shared by all',
    model: {
      embedding: { size: 6, share: 'all' },
      encoder: { ...transformer, layers: 1 },
      attention,
      initial: [],
      generator: { ...transformer, layers: 1, feedForward: 5 },
    },
  },
  {
    title: 'Transformer, embedding mapped to its width',
    model: {
      embedding: { size: 3, share: 'source' },
      encoder: transformer,
      attention,
      initial: [],
      generator: { ...transformer, width: 4, heads: 1 },
    },
  },
  {
    title: 'Transformer encoder and GRU generator',
    model: { embedding: { size: 6, share: 'source' }, encoder: transformer, attention, initial: [], generator: gru },
  },
  {
    title: 'GRU encoder and Transformer generator',
    model: {
      embedding: { size: 4, share: 'all' },
      encoder: { ...gru, layers: 1, bidirectional: true },
      attention,
      initial: [],
      generator: { ...transformer, layers: 1 },
    },
  },
];

/** The same, dropping in training after the input and after each part of a layer. */
export const droppingTransformers: typeof tinyTransformers = [
  {
    title: 'dropping Transformer, embedding mapped to its width',
    model: {
      embedding: { size: 3, share: 'source' },
      encoder: { ...transformer, layers: 1, dropout: 0.3 },
      attention,
      initial: [],
      generator: { ...transformer, layers: 1, dropout: 0.2 },
    },
  },
];
