import { type ComputeBackend, openBackend } from '@tributary/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectGradients } from './finite-differences.fixture.js';
import { createSequenceModel } from './sequence-model.js';
import { batchOf, droppingModels, tinyModels } from './tiny-models.fixture.js';

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await openBackend({ prefer: 'cpu', device: 'cpu', threads: 1 });
});
afterAll(() => backend.dispose());

// The first batch has more tokens than the vocabulary has symbols, the second fewer: the two ways of projecting tokens.
const batches = [
  batchOf(
    [
      { source: [4, 5, 6, 7], target: [5, 4, 6] },
      { source: [7, 7], target: [4] },
      undefined,
      { source: [5], target: [6, 6] },
    ],
    { source: 5, target: 4 },
  ),
  batchOf([{ source: [4, 6], target: [5] }], { source: 3, target: 2 }),
];

const vocabulary = 8;
const build = (model: (typeof tinyModels)[number]['model'], labelSmoothing: number) =>
  createSequenceModel({
    model,
    sourceVocabulary: vocabulary,
    tasks: [{ name: 'copy', targetVocabulary: vocabulary, generator: undefined, labelSmoothing }],
  });

describe.each(tinyModels)('gradients of $title', ({ model }) => {
  it.each([0, 0.1])('equal finite differences, label smoothing %d', async (labelSmoothing) => {
    await expectGradients(backend, build(model, labelSmoothing), 'copy', batches);
  });
});

describe.each(droppingModels)('gradients of a $title', ({ model }) => {
  const sequence = build(model, 0);

  it('equal finite differences of the units that a draw leaves', async () => {
    await expectGradients(backend, sequence, 'copy', batches);
  });

  it('depend on seed, step and lane, and evaluation on none of them', async () => {
    const task = sequence.task('copy');
    const [batch] = batches as [(typeof batches)[0]];
    const parameters = { shared: sequence.initialShared(1), task: task.initial(1) };
    const step = task.trainStep(backend, batch.shape);
    const draws = [
      { seed: 1, step: 1, lane: 0 },
      { seed: 2, step: 1, lane: 0 },
      { seed: 1, step: 2, lane: 0 },
      { seed: 1, step: 1, lane: 1 },
    ];
    const losses: number[] = [];
    for (const draw of draws) losses.push((await step.run(parameters, batch, draw)).loss);
    expect(new Set(losses).size).toBe(draws.length);
    expect((await step.run(parameters, batch, draws[0] as (typeof draws)[0])).loss).toBe(losses[0]);
    const evaluator = task.evaluator(backend, batch.shape);
    const { lossSum, tokens } = await evaluator.run(parameters, batch);
    const plain = createSequenceModel({
      model: {
        ...model,
        encoder: { ...model.encoder, dropout: 0 },
        generator: { ...model.generator, dropout: 0 },
      },
      sourceVocabulary: vocabulary,
      tasks: [{ name: 'copy', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 }],
    });
    const undropped = plain.task('copy').trainStep(backend, batch.shape);
    const { loss } = await undropped.run(parameters, batch, draws[0] as (typeof draws)[0]);
    expect(loss).toBeCloseTo(lossSum / tokens, 5);
    for (const traced of [step, evaluator, undropped]) traced.dispose();
  });
});
