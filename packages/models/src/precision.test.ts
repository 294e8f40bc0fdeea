import { type ComputeBackend, createOptimizer, openBackend } from '@tributary/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSequenceModel } from './sequence-model.js';
import { batchOf, drawSymbols, modelSpec } from './tiny-models.fixture.js';

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
});
afterAll(() => backend.dispose());

const vocabulary = 20;
const shape = { batch: 32, source: 6, target: 7 };
const steps = 150;

/** Losses of training to copy words. */
async function lossCurve(model: object, precision: 'float32' | 'bf16'): Promise<number[]> {
  const sequence = createSequenceModel({
    model: modelSpec(model),
    sourceVocabulary: vocabulary,
    tasks: [{ name: 'copy', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 }],
    precision,
  });
  const task = sequence.task('copy');
  const step = task.trainStep(backend, shape);
  // Where training is stable: at 0.005 the curve moves by 0.05 nats when the initial values do by one part in 512.
  const spec = { kind: 'adam', learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
  const optimizer = createOptimizer(spec, { kind: 'constant' }, steps);
  const vectors = [sequence.initialShared(1), task.initial(1)] as const;
  const slots = vectors.map((vector) => optimizer.slots.map(() => new Float32Array(vector.length)));
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) {
    const words = Array.from({ length: shape.batch }, (_, row) =>
      drawSymbols(7, `${index} ${row}`, 2 + (row % 5), vocabulary),
    );
    const batch = batchOf(
      words.map((word) => ({ source: word, target: word })),
      shape,
    );
    const parameters = { shared: vectors[0], task: vectors[1] };
    const gradients = await step.run(parameters, batch, { seed: 1, step: index, lane: 0 });
    losses.push(gradients.loss);
    [gradients.shared, gradients.task].forEach((gradient, vector) => {
      const values = vectors[vector] as Float32Array;
      const state = slots[vector] as Float32Array[];
      optimizer.apply({ step: index, parameters: values, gradient, state, nextParameters: values, nextState: state });
    });
  }
  step.dispose();
  return losses;
}

describe.each([
  ['GRU', { encoder: { hidden: 48, bidirectional: true }, generator: { hidden: 48 } }],
  [
    'LSTM with dropout',
    { encoder: { kind: 'lstm', hidden: 48, dropout: 0.1 }, generator: { kind: 'lstm', hidden: 48 } },
  ],
  [
    'Transformer',
    {
      encoder: { kind: 'transformer', width: 32, layers: 2, heads: 4 },
      generator: { kind: 'transformer', width: 32, layers: 2, heads: 4 },
    },
  ],
])('%s in bf16', (_title, model) => {
  it('learns along the curve of float32: within 0.05 nats, on average over any ten steps', async () => {
    const options = { embedding: { size: 32 }, ...model };
    const [exact, rounded] = [await lossCurve(options, 'float32'), await lossCurve(options, 'bf16')];
    expect(rounded).not.toEqual(exact);
    const mean = (losses: number[], from: number): number =>
      losses.slice(from, from + 10).reduce((sum, loss) => sum + loss, 0) / 10;
    for (let from = 0; from < steps; from += 10) {
      expect(Math.abs(mean(rounded, from) - mean(exact, from)), `steps ${from} on`).toBeLessThan(0.05);
    }
    expect(mean(exact, steps - 10)).toBeLessThan(0.7 * mean(exact, 0));
  });
});
