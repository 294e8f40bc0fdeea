/** What is compared: ways of combining the three words tasks, and each task trained alone. */

export const tasks = [
  { name: 'pronounce', metric: 'phone_error_rate', title: 'phone error rate' },
  { name: 'spell', metric: 'letter_error_rate', title: 'letter error rate' },
  { name: 'stress', metric: 'token_error_rate', title: 'token error rate' },
];
const names = tasks.map(({ name }) => name);

const together = (name, combiner, weights = {}) => ({ name, tasks: names, combiner, weights });

export const methods = [
  ...names.map((task) => ({ name: `${task} alone`, tasks: [task], combiner: { kind: 'weighted' }, weights: {} })),
  together('weighted, equal', { kind: 'weighted' }),
  ...names.map((task) => together(`weighted, ${task} times 3`, { kind: 'weighted' }, { [task]: 3 })),
  together('pcgrad', { kind: 'pcgrad' }),
  together('cagrad', { kind: 'cagrad' }),
  together('nash-mtl', { kind: 'nash-mtl' }),
];

/** The run file of one run: every task takes the same number of steps, alone or together. */
export function runFileOf(method, seed, { steps, hidden, batch }) {
  return {
    experiment: 'study-combiners',
    seed,
    model: {
      embedding: { size: hidden / 2 },
      encoder: { hidden, bidirectional: true },
      attention: { kind: 'bahdanau', size: hidden / 2 },
      generator: { hidden },
    },
    tasks: tasks
      .filter(({ name }) => method.tasks.includes(name))
      .map(({ name, metric }) => ({
        name,
        data: { source: 'words', kind: name },
        metrics: [metric],
        weight: method.weights[name] ?? 1,
      })),
    splits: { validation: 0.01, test: 0.02 },
    optimizer: { kind: 'adam', learningRate: 0.002 },
    schedule: { kind: 'warmup-cosine', warmupSteps: 50 },
    batch: { size: batch },
    lengths: { source: 40, target: 40, buckets: 4 },
    combiner: method.combiner,
    checkpoints: { every: steps },
    evaluation: { every: steps, samples: 0 },
    budget: { steps },
  };
}
