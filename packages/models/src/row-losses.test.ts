import { type ComputeBackend, openBackend } from '@tributary/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSequenceModel } from './sequence-model.js';
import { batchOf, drawSymbols, tinyModels } from './tiny-models.fixture.js';

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
});
afterAll(() => backend.dispose());

const vocabulary = 9;
const rows = [
  [4, 3],
  [2, 5],
  [5, 1],
  [1, 4],
].map(([source, target], index) => ({
  source: drawSymbols(1, `source ${index}`, source as number, vocabulary),
  target: drawSymbols(1, `target ${index}`, target as number, vocabulary),
}));
const size = { source: 5, target: 6 };

describe.each(tinyModels)('row losses of $title', ({ model }) => {
  it('are those of each row by itself, without label smoothing, and 0 for padding', async () => {
    const task = createSequenceModel({
      model,
      sourceVocabulary: vocabulary,
      tasks: [{ name: 'copy', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0.3 }],
    });
    const copy = task.task('copy');
    const parameters = { shared: task.initialShared(7), task: copy.initial(7) };
    const { shape, ...batch } = batchOf([...rows, undefined], size);
    const scorer = copy.rowScorer(backend, shape);
    const losses = await scorer.run(parameters, batch);
    const evaluator = copy.evaluator(backend, { batch: 1, ...size });
    const alone: number[] = [];
    for (const row of rows) {
      const { source, target } = batchOf([row], size);
      alone.push((await evaluator.run(parameters, { source, target })).lossSum);
    }
    expect(losses.length).toBe(5);
    for (const [row, loss] of alone.entries()) expect(losses[row]).toBeCloseTo(loss, 4);
    expect(losses[4]).toBe(0);
    expect(Math.min(...alone)).toBeGreaterThan(1);
    scorer.dispose();
    evaluator.dispose();
  });
});

it('has none for vectors', () => {
  const [{ model }] = tinyModels as readonly [(typeof tinyModels)[0]];
  const task = { name: 'draw', targetVocabulary: 0, generator: undefined, labelSmoothing: 0 };
  const head = { kind: 'features', size: 3, activation: 'sigmoid' } as const;
  const sequence = createSequenceModel({ model, sourceVocabulary: vocabulary, tasks: [{ ...task, head }] });
  expect(() => sequence.task('draw').rowScorer(backend, { batch: 1, source: 2, target: 2 })).toThrow(
    'task "draw" generates features: they have no likelihoods',
  );
});
