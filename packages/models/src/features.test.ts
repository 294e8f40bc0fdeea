import { type ComputeBackend, createOptimizer, openBackend } from '@tributary/engine';
import { randomStream } from '@tributary/random';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricValue } from './error-rates.js';
import { expectGradients } from './finite-differences.fixture.js';
import { createSequenceModel, type SequenceModelOptions } from './sequence-model.js';
import { droppingModels, modelSpec, tinyModels } from './tiny-models.fixture.js';

let cpu: ComputeBackend;
let best: ComputeBackend;
beforeAll(async () => {
  cpu = await openBackend({ prefer: 'cpu', device: 'cpu', threads: 1 });
  best = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
});
afterAll(() => {
  cpu.dispose();
  best.dispose();
});

const sourceWidth = 2;
const size = 3;

/** Rows of vectors with values in 0..1, padded with zeros, and the ids that say where they are. */
function vectorsOf(name: string, lengths: readonly number[], length: number, width: number) {
  const values = new Float32Array(lengths.length * length * width);
  const ids = new Int32Array(lengths.length * length);
  lengths.forEach((count, row) => {
    const stream = randomStream(1, name, row);
    for (let i = 0; i < count * width; i++) values[row * length * width + i] = stream.uniform();
    ids.fill(3, row * length, row * length + count);
  });
  return { values, ids };
}

/** A batch whose two sides are vectors, with ids of symbols on the source too. */
function batchOf(sources: readonly number[], targets: readonly number[], source: number, target: number) {
  const from = vectorsOf('source', sources, source, sourceWidth);
  const to = vectorsOf('target', targets, target, size);
  const rows = sources.length;
  const ids = new Int32Array(rows * (target + 1));
  targets.forEach((count, row) => {
    if (count > 0) ids.fill(3, row * (target + 1), row * (target + 1) + count + 1);
  });
  return {
    shape: { batch: rows, source, target },
    source: from.ids.map((id, index) => (id === 0 ? 0 : 4 + (index % 3))),
    target: ids,
    sourceFeatures: from.values,
    targetFeatures: to.values,
  };
}

type Task = SequenceModelOptions['tasks'][number];
const task = (name: string, options: Partial<Task>): Task => ({
  name,
  targetVocabulary: 8,
  generator: undefined,
  labelSmoothing: 0,
  ...options,
});
const head = (activation: 'sigmoid' | 'linear' | 'tanh' | 'softmax' | 'relu') =>
  ({ kind: 'features', size, activation }) as const;
const batch = batchOf([3, 1, 0, 2], [2, 4, 0, 1], 4, 4);

describe.each([tinyModels[1], tinyModels[5], droppingModels[0]] as (typeof tinyModels)[number][])(
  'features with $title',
  ({ model }) => {
    it.each(['sigmoid', 'linear', 'tanh', 'softmax'] as const)(
      'have gradients that equal finite differences through %s',
      async (activation) => {
        const sequence = createSequenceModel({
          model,
          sourceVocabulary: 8,
          tasks: [task('a', { head: head(activation), sourceFeatures: sourceWidth })],
        });
        expect(sequence.sharedLayout.entries.some(({ name }) => name === 'embedding')).toBe(false);
        await expectGradients(cpu, sequence, 'a', [batch]);
      },
    );
  },
);

describe('a run of symbols and features', () => {
  const options = {
    model: tinyModels[4]?.model as (typeof tinyModels)[0]['model'],
    sourceVocabulary: 8,
    tasks: [
      task('symbols', { head: head('sigmoid') }),
      task('features', { sourceFeatures: sourceWidth }),
      task('both', { sourceFeatures: sourceWidth, head: head('relu') }),
    ],
  };
  const sequence = createSequenceModel(options);

  it('maps the features to the width of embeddings, and gives zero for what a task does not read', async () => {
    expect(sequence.sharedLayout.entries.slice(0, 3).map(({ name }) => name)).toEqual([
      'embedding',
      'features.weights',
      'features.bias',
    ]);
    for (const name of ['symbols', 'features']) await expectGradients(cpu, sequence, name, [batch]);
  });

  it('refuses vectors of several widths', () => {
    expect(() =>
      createSequenceModel({ ...options, tasks: [...options.tasks, task('wide', { sourceFeatures: 5 })] }),
    ).toThrow(/widths 2 and 5/);
  });

  it('refuses a batch without its vectors, and the generator of the other head', async () => {
    const own = sequence.task('symbols');
    const step = own.trainStep(cpu, batch.shape);
    const parameters = { shared: sequence.initialShared(1), task: own.initial(1) };
    await expect(
      step.run(parameters, { source: batch.source, target: batch.target }, { seed: 1, step: 1, lane: 0 }),
    ).rejects.toThrow('targetFeatures');
    step.dispose();
    expect(() => own.generator(cpu, batch.shape)).toThrow('featureGenerator');
    expect(() => sequence.task('features').featureGenerator(cpu, batch.shape)).toThrow('use generator');
  });
});

describe('a features head', () => {
  const sequence = createSequenceModel({
    model: tinyModels[5]?.model as (typeof tinyModels)[0]['model'],
    sourceVocabulary: 8,
    tasks: [task('a', { head: head('sigmoid'), sourceFeatures: sourceWidth })],
  });
  const own = sequence.task('a');
  const parameters = { shared: sequence.initialShared(2), task: own.initial(2) };

  it('counts real frames alone: mean square, mse and psnr', async () => {
    const draw = { seed: 1, step: 1, lane: 0 };
    const wide = batchOf([3, 1, 0, 2, 0], [2, 4, 0, 1, 0], 6, 7);
    const results: { loss: number; shared: Float32Array }[] = [];
    for (const backend of [cpu, best]) {
      for (const data of [batch, wide]) {
        const step = own.trainStep(backend, data.shape);
        const evaluator = own.evaluator(backend, data.shape);
        const { loss, shared } = await step.run(parameters, data, draw);
        const sums = await evaluator.run(parameters, data);
        expect([sums.tokens, sums.elements, sums.correct]).toEqual([7, 7 * size, 0]);
        const rates = { tokenErrorRate: 0, wordErrorRate: 0, edits: 0, referenceTokens: 0, wrong: 0, examples: 0 };
        const mse = metricValue('mse', rates, sums);
        expect(mse).toBeCloseTo(loss, 6);
        expect(sums.lossSum / sums.tokens).toBeCloseTo(loss, 6);
        expect(metricValue('psnr', rates, sums)).toBeCloseTo(-10 * Math.log10(loss), 4);
        results.push({ loss, shared });
        step.dispose();
        evaluator.dispose();
      }
    }
    for (const { loss, shared } of results) {
      expect(loss).toBeCloseTo(results[0]?.loss as number, 5);
      shared.forEach((value, i) => {
        expect(Math.abs(value - (results[0]?.shared[i] as number))).toBeLessThan(2e-6);
      });
    }
    expect(metricValue('psnr', {} as never, { tokens: 1, correct: 0, squaredError: 0.02, elements: 2 })).toBeCloseTo(
      20,
    );
  });

  it('generates freely what teacher forcing on its own frames gives', async () => {
    const generator = own.featureGenerator(best, { batch: 4, source: 4 });
    for (const length of [1, 4, 6]) {
      const frames = await generator.generate(parameters, batch.source, length, batch.sourceFeatures);
      expect(frames.length).toBe(4 * length * size);
      expect(frames.subarray(2 * length * size, 3 * length * size).every((value) => value === 0)).toBe(true);
      const target = new Int32Array(4 * (length + 1)).fill(3);
      target.fill(0, 2 * (length + 1), 3 * (length + 1));
      const shape = { batch: 4, source: 4, target: length };
      const evaluator = own.evaluator(best, shape);
      const { squaredError } = await evaluator.run(parameters, { ...batch, target, targetFeatures: frames });
      expect(squaredError).toBeLessThan(1e-10);
      evaluator.dispose();
    }
    generator.dispose();
  });

  it('learns to draw the waves that its symbols name', async () => {
    const model = modelSpec({
      embedding: { size: 8 },
      encoder: { hidden: 16 },
      attention: { kind: 'luong' },
      generator: { kind: 'lstm', hidden: 24 },
    });
    const waves = createSequenceModel({ model, sourceVocabulary: 8, tasks: [task('wave', { head: head('sigmoid') })] });
    const learner = waves.task('wave');
    const shape = { batch: 4, source: 2, target: 8 };
    const source = Int32Array.of(4, 5, 5, 4, 6, 4, 5, 6);
    const target = new Int32Array(4 * 9).fill(3);
    const targetFeatures = Float32Array.from({ length: 4 * 8 * size }, (_, i) => {
      const [row, time, feature] = [Math.floor(i / (8 * size)), Math.floor(i / size) % 8, i % size];
      return 0.5 + 0.4 * Math.sin(((row + 1) * (time + 1)) / 2 + feature);
    });
    const data = { source, target, targetFeatures };
    const optimizer = createOptimizer(
      { kind: 'adam', learningRate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      { kind: 'constant' },
      400,
    );
    const step = learner.trainStep(best, shape);
    const vectors = [waves.initialShared(1), learner.initial(1)] as const;
    const slots = vectors.map((vector) => optimizer.slots.map(() => new Float32Array(vector.length)));
    let last = Number.NaN;
    for (let index = 0; index < 400; index++) {
      const parametersNow = { shared: vectors[0], task: vectors[1] };
      const { loss, shared, task: ofTask } = await step.run(parametersNow, data, { seed: 1, step: index, lane: 0 });
      last = loss;
      for (const [vector, gradient] of [shared, ofTask].entries()) {
        const values = vectors[vector] as Float32Array;
        const state = slots[vector] as Float32Array[];
        optimizer.apply({
          step: index,
          parameters: values,
          gradient,
          state,
          nextParameters: values,
          nextState: state,
        });
      }
    }
    step.dispose();
    expect(last).toBeLessThan(1e-3);
    const generator = learner.featureGenerator(best, { batch: 4, source: 2 });
    const drawn = await generator.generate({ shared: vectors[0], task: vectors[1] }, source, 8);
    generator.dispose();
    const error = drawn.reduce((sum, value, i) => sum + (value - (targetFeatures[i] as number)) ** 2, 0) / drawn.length;
    expect(error).toBeLessThan(5e-3);
  });
});
