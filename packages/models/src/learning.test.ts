import type { ModelSpec } from '@tributary/config';
import { type ComputeBackend, createOptimizer, openBackend } from '@tributary/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorRates } from './error-rates.js';
import { createSequenceModel, type SequenceModel } from './sequence-model.js';
import type { StepGradients } from './task-runs.js';
import { batchOf, drawSymbols } from './tiny-models.fixture.js';

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
});
afterAll(() => backend.dispose());

const vocabulary = 10;
const longest = 5;
const batch = 32;
const shape = { batch, source: longest, target: longest + 1 };

const draw = (name: string) =>
  Array.from({ length: batch }, (_, row) => {
    const source = drawSymbols(2, `${name} ${row}`, 2 + (row % (longest - 1)), vocabulary);
    return { source, reversed: [...source].reverse() };
  });

/** Trains copy and reverse on one encoder, their shared gradients averaged, and returns the state and last losses. */
async function train(sequence: SequenceModel, steps: number, learningRate: number) {
  const optimizer = createOptimizer(
    { kind: 'adam', learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    { kind: 'warmup-cosine', warmupSteps: 10, floor: 0.02 },
    steps,
  );
  const tasks = ['copy', 'reverse'].map((name) => sequence.task(name));
  const functions = tasks.map((task) => task.trainStep(backend, shape));
  const vectors = [sequence.initialShared(3), ...tasks.map((task) => task.initial(3))];
  const slots = vectors.map((vector) => optimizer.slots.map(() => new Float32Array(vector.length)));
  let losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = draw(`batch ${step}`);
    const gradients: StepGradients[] = [];
    for (const [index, task] of tasks.entries()) {
      const { source, target } = batchOf(
        rows.map((row) => ({ source: row.source, target: task.name === 'copy' ? row.source : row.reversed })),
        shape,
      );
      const parameters = { shared: vectors[0] as Float32Array, task: vectors[index + 1] as Float32Array };
      const run = (functions[index] as (typeof functions)[0]).run;
      gradients.push(await run(parameters, { source, target }, { seed: 3, step, lane: index }));
    }
    losses = gradients.map(({ loss }) => loss);
    const [copy, reverse] = gradients as [StepGradients, StepGradients];
    const ofShared = copy.shared.map((value, i) => (value + (reverse.shared[i] as number)) / 2);
    [ofShared, copy.task, reverse.task].forEach((gradient, index) => {
      const parameters = vectors[index] as Float32Array;
      const state = slots[index] as Float32Array[];
      optimizer.apply({
        step,
        parameters,
        gradient: gradient as Float32Array,
        state,
        nextParameters: parameters,
        nextState: state,
      });
    });
  }
  for (const traced of functions) traced.dispose();
  return { vectors, losses };
}

const recurrent = (
  kind: 'bahdanau' | 'luong',
  bidirectional: boolean,
  share: 'source' | 'all',
  cells: 'gru' | 'lstm' = 'gru',
) => ({
  title: `${cells}, ${kind} attention, ${bidirectional ? 'both directions' : 'one direction'}, embedding of ${share}`,
  steps: 400,
  loss: 0.05,
  learningRate: 0.01,
  model: {
    embedding: { size: 16, share },
    encoder: { kind: cells, hidden: 24, layers: 1, bidirectional, dropout: 0 },
    attention: { kind, normalize: false, average: 'arithmetic' },
    initial: [],
    generator: { kind: cells, hidden: 32, dropout: 0 },
  } satisfies ModelSpec,
});

const transformer = (share: 'source' | 'all', dropout: number) => ({
  title: `Transformer, embedding of ${share}, dropout ${dropout}`,
  steps: 600,
  // That of a batch with units dropped.
  loss: dropout === 0 ? 0.05 : 0.2,
  learningRate: 0.003,
  model: {
    embedding: { size: 32, share },
    encoder: { kind: 'transformer', width: 32, layers: 1, heads: 4, dropout },
    attention: { kind: 'bahdanau', normalize: false, average: 'arithmetic' },
    initial: [],
    generator: { kind: 'transformer', width: 32, layers: 1, heads: 4, dropout },
  } satisfies ModelSpec,
});

describe.each([
  recurrent('bahdanau', false, 'source'),
  recurrent('bahdanau', true, 'all'),
  recurrent('luong', false, 'all'),
  recurrent('luong', true, 'source'),
  recurrent('bahdanau', true, 'source', 'lstm'),
  transformer('source', 0),
  transformer('all', 0.02),
])('$title', ({ model, steps, learningRate, loss }) => {
  it('learns to copy and to reverse, and greedy generation reproduces it', async () => {
    const task = (name: string) => ({ name, targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 });
    const sequence = createSequenceModel({
      model,
      sourceVocabulary: vocabulary,
      tasks: [task('copy'), task('reverse')],
    });
    const { vectors, losses } = await train(sequence, steps, learningRate);
    expect(Math.max(...losses)).toBeLessThan(loss);

    const heldOut = draw('held out');
    // One row less than the batch has: the last is padding.
    const rows = heldOut.slice(1);
    const { source } = batchOf([...rows.map((row) => ({ source: row.source, target: [] })), undefined], shape);
    for (const [index, name] of ['copy', 'reverse'].entries()) {
      const generator = sequence.task(name).generator(backend, { batch, source: longest });
      const parameters = { shared: vectors[0] as Float32Array, task: vectors[index + 1] as Float32Array };
      const generate = () => generator.generate(parameters, source, longest + 2);
      const ids = await generate();
      expect(await generate()).toEqual(ids);
      const outputs = Array.from({ length: batch }, (_, row) => [
        ...ids.subarray(row * (longest + 2), (row + 1) * (longest + 2)),
      ]);
      expect(outputs.at(-1)).toEqual(new Array(longest + 2).fill(0));
      for (const output of outputs.slice(0, -1)) {
        const end = output.indexOf(2);
        expect(end).toBeGreaterThan(0);
        expect(output.slice(0, end).every((id) => id > 3)).toBe(true);
        expect(output.slice(end + 1).every((id) => id === 0)).toBe(true);
      }
      const rates = errorRates(
        outputs.slice(0, -1).map((output) => output.slice(0, output.indexOf(2))),
        rows.map((row) => [name === 'copy' ? row.source : row.reversed]),
      );
      expect(rates.tokenErrorRate).toBeLessThan(0.03);
      generator.dispose();
    }
  });
});
