import type { RunFileInput } from '@tributary/config';

/** Three tasks, four lanes; the shared gradient has about ten blocks, which two and three members share unevenly. */
export const smallRun = {
  experiment: 'small',
  seed: 11,
  model: {
    embedding: { size: 64 },
    encoder: { hidden: 256, bidirectional: true },
    generator: { hidden: 64 },
    attention: { size: 32 },
  },
  tasks: [
    { name: 'pronounce', data: { source: 'words', kind: 'pronounce' }, replicas: 2, weight: 2 },
    { name: 'spell', data: { source: 'words', kind: 'spell' } },
    { name: 'stress', data: { source: 'words', kind: 'stress' }, weight: 0.5 },
  ],
  splits: { validation: 0.002, test: 0.002 },
  optimizer: { kind: 'adam', learningRate: 0.002 },
  batch: { size: 8 },
  lengths: { source: 40, target: 40, buckets: 1 },
  checkpoints: { every: 4, keep: 10 },
  evaluation: { every: 1000 },
  budget: { steps: 8 },
} satisfies RunFileInput;
