import { type ComputeBackend, openBackend } from '@tributary/engine';
import { randomStream } from '@tributary/random';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BatchShape, createSequenceModel } from './sequence-model.js';
import { batchOf, tinyModels } from './tiny-models.fixture.js';

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

describe.each(tinyModels)('gradients of $title', ({ model }) => {
  it.each([0, 0.1])('equal finite differences, label smoothing %d', async (labelSmoothing) => {
    const vocabulary = 8;
    const sequence = createSequenceModel({
      model,
      sourceVocabulary: vocabulary,
      tasks: [{ name: 'copy', targetVocabulary: vocabulary, generator: undefined, labelSmoothing }],
    });
    const task = sequence.task('copy');
    const perturb = (values: Float32Array, name: string): Float32Array => {
      const stream = randomStream(3, 'perturb', name);
      return values.map((value) => value * 2 + 0.2 * stream.normal());
    };
    const vectors = [perturb(sequence.initialShared(1), 'shared'), perturb(task.initial(1), 'task')] as const;
    for (const { shape, source, target } of batches) {
      const step = task.trainStep(backend, shape as BatchShape);
      const parameters = { shared: vectors[0], task: vectors[1] };
      const run = () => step.run(parameters, { source, target }, { seed: 1, step: 1, lane: 0 });
      const { shared: ofShared, task: ofTask } = await run();
      for (const [index, layout] of [sequence.sharedLayout, task.layout].entries()) {
        const values = vectors[index] as Float32Array;
        const gradient = index === 0 ? ofShared : ofTask;
        for (const entry of layout.entries) {
          // The derivative along a random direction of one parameter.
          const stream = randomStream(5, 'direction', entry.name);
          const direction = Float64Array.from({ length: entry.size }, () => stream.normal() / Math.sqrt(entry.size));
          const before = values.slice(entry.offset, entry.offset + entry.size);
          const at = async (distance: number): Promise<number> => {
            direction.forEach((d, i) => {
              values[entry.offset + i] = (before[i] as number) + distance * d;
            });
            const { loss } = await run();
            values.set(before, entry.offset);
            return loss;
          };
          const e = 2e-2;
          // Fourth-order central difference: float32 losses want a wide step.
          const measured = (8 * ((await at(e)) - (await at(-e))) - ((await at(2 * e)) - (await at(-2 * e)))) / (12 * e);
          const derived = direction.reduce((sum, d, i) => sum + d * (gradient[entry.offset + i] as number), 0);
          expect(Math.abs(measured - derived), `${entry.name}: measured ${measured}, derived ${derived}`).toBeLessThan(
            4e-5 + 2e-3 * Math.abs(derived),
          );
        }
      }
      step.dispose();
    }
  });
});
