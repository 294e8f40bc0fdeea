const task = (name, metric, replicas = 1) => ({
  name,
  data: { source: 'words', kind: name },
  metrics: [metric],
  replicas,
});

/** The lanes of the two workers: two of the words tasks, so that only the shared encoder crosses the link; or one with two replicas. */
export const lanes = {
  tasks: [task('pronounce', 'phone_error_rate'), task('spell', 'letter_error_rate')],
  replicas: [task('pronounce', 'phone_error_rate', 2)],
};

/** The schedule does not depend on the budget: a shorter run is the beginning of a longer one. */
export function runFileOf(sync, { steps, every, hidden, batch, tasks }) {
  return {
    experiment: 'bench-slow-link',
    model: {
      embedding: { size: hidden / 2 },
      encoder: { hidden, bidirectional: true },
      attention: { kind: 'bahdanau', size: hidden / 2 },
      generator: { hidden },
    },
    tasks: lanes[tasks],
    splits: { validation: 0.01, test: 0.01 },
    optimizer: { kind: 'adam', learningRate: 0.003 },
    schedule: { kind: 'inverse-sqrt', warmupSteps: 100 },
    batch: { size: batch },
    lengths: { source: 40, target: 40, buckets: 2 },
    sync,
    compute: { threads: 1 },
    checkpoints: { every, keep: 1000 },
    evaluation: { every: steps, samples: 0 },
    budget: { steps },
  };
}
