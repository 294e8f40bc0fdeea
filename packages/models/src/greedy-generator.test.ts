import { type ComputeBackend, openBackend } from '@tributary/engine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSequenceModel } from './sequence-model.js';
import { tinyModels } from './tiny-models.fixture.js';

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
});
afterAll(() => backend.dispose());

it('generates from more symbols than a constant of a graph may hold, and never a special one', async () => {
  const { model } = tinyModels[0] as (typeof tinyModels)[0];
  const many = 5000;
  const sequence = createSequenceModel({
    model,
    sourceVocabulary: many,
    tasks: [{ name: 'copy', targetVocabulary: many, generator: undefined, labelSmoothing: 0 }],
  });
  const task = sequence.task('copy');
  const generator = task.generator(backend, { batch: 2, source: 4 });
  const parameters = { shared: sequence.initialShared(7), task: task.initial(7) };
  const ids = await generator.generate(parameters, Int32Array.of(4, 4999, 7, 0, 5, 0, 0, 0), 5);
  expect(ids.every((id) => id !== 1 && id !== 3 && id < many)).toBe(true);
  expect(new Set(ids).size).toBeGreaterThan(1);
  generator.dispose();
});
