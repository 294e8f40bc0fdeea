import { encodeSafetensors } from '@tributary/checkpoints';
import type { RunFileInput } from '@tributary/config';

/** Two tasks, three lanes and 8 steps over pairs of letters: seconds, not minutes. */
export const fastRun = {
  experiment: 'fast',
  seed: 5,
  model: { embedding: { size: 16 }, encoder: { hidden: 24, bidirectional: true }, generator: { hidden: 24 } },
  tasks: [
    { name: 'reverse', data: { source: 'file', format: 'jsonl', path: 'reverse.jsonl' }, replicas: 2 },
    { name: 'double', data: { source: 'file', format: 'jsonl', path: 'double.jsonl' }, weight: 2 },
  ],
  splits: { validation: 0.1, test: 0.1 },
  optimizer: { kind: 'adam', learningRate: 0.01 },
  batch: { size: 8 },
  lengths: { source: 12, target: 24, buckets: 2 },
  checkpoints: { every: 4, keep: 10 },
  evaluation: { every: 4, examples: 16, samples: 2 },
  budget: { steps: 8 },
} satisfies RunFileInput;

/** The same with vectors: one task puts them out, and one reads them. */
export const vectorRun = {
  ...fastRun,
  tasks: [
    {
      name: 'spell-out',
      data: { source: 'file', format: 'jsonl', path: 'vectors.jsonl', features: { target: 3 } },
      head: { kind: 'features', size: 3 },
      replicas: 2,
    },
    { name: 'read', data: { source: 'file', format: 'jsonl', path: 'read.jsonl', features: { source: 3 } } },
  ],
} satisfies RunFileInput;

/** 200 sources of two to nine letters, the same each time. */
const sources = Array.from({ length: 200 }, (_, index) =>
  Array.from(
    { length: 2 + (index % 8) },
    (_, place) => 'abcdefgh'[(index * 7 + place * (3 + (index >> 3))) % 8] as string,
  ),
);

/** A letter as three numbers. */
const vectorOf = (letter: string): number[] => [0, 1, 2].map((bit) => ('abcdefgh'.indexOf(letter) >> bit) & 1);

const lines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

/** A source embedding for the eight letters and the four special symbols. */
const weights = encodeSafetensors({
  tensors: {
    embedding: { shape: [12, 16], data: Float32Array.from({ length: 12 * 16 }, (_, i) => ((i % 7) - 3) / 8) },
  },
  metadata: {},
});

/** The files of {@link fastRun} and {@link vectorRun}. */
export const fastFiles = {
  'weights.safetensors': weights,
  'vectors.jsonl': lines(sources.map((letters) => ({ source: letters.join(' '), target: letters.map(vectorOf) }))),
  'read.jsonl': lines(sources.map((letters) => ({ source: letters.map(vectorOf), target: letters.join(' ') }))),
  'reverse.jsonl': lines(
    sources.map((letters) => ({ source: letters.join(' '), target: letters.toReversed().join(' ') })),
  ),
  'double.jsonl': lines(
    sources.map((letters) => ({ source: letters.join(' '), target: letters.flatMap((one) => [one, one]).join(' ') })),
  ),
};
