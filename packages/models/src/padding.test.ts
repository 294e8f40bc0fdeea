import { type ComputeBackend, openBackend } from '@tributary/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSequenceModel, type SequenceModel } from './sequence-model.js';
import { batchOf, drawSymbols, type TinyBatch, tinyModels } from './tiny-models.fixture.js';

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await openBackend({ prefer: 'cpu', device: 'cpu', threads: 1 });
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

interface Result {
  readonly loss: number;
  readonly tokens: number;
  readonly correct: number;
  readonly shared: Float32Array;
  readonly task: Float32Array;
}

async function compute(sequence: SequenceModel, { shape, source, target }: TinyBatch): Promise<Result> {
  const task = sequence.task('copy');
  const parameters = { shared: sequence.initialShared(7), task: task.initial(7) };
  const step = task.trainStep(backend, shape);
  const evaluation = task.evaluator(backend, shape);
  const { loss, shared, task: own } = await step.run(parameters, { source, target }, { seed: 1, step: 1, lane: 0 });
  const { lossSum, tokens, correct } = await evaluation.run(parameters, { source, target });
  step.dispose();
  evaluation.dispose();
  expect(loss * Math.max(tokens, 1)).toBeCloseTo(lossSum, 4);
  return { loss, tokens, correct, shared, task: own };
}

function expectNear(actual: Float32Array, expected: ArrayLike<number>, tolerance = 2e-6): void {
  let furthest = 0;
  for (const [i, value] of actual.entries()) {
    const distance = Math.abs(value - (expected[i] as number));
    if (!(distance <= furthest)) furthest = distance;
  }
  expect(furthest).toBeLessThan(tolerance);
}

describe.each(tinyModels)('padding in $title', ({ model }) => {
  const sequence = createSequenceModel({
    model,
    sourceVocabulary: vocabulary,
    tasks: [{ name: 'copy', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 }],
  });
  const size = { source: 5, target: 6 };
  const whole = () => compute(sequence, batchOf(rows, size));

  it('makes a batch equal its rows alone', async () => {
    const alone: Result[] = [];
    for (const row of rows)
      alone.push(await compute(sequence, batchOf([row], { source: row.source.length, target: row.target.length + 1 })));
    const tokens = alone.reduce((sum, row) => sum + row.tokens, 0);
    const batch = await whole();
    expect(batch.tokens).toBe(tokens);
    expect(batch.tokens).toBe(rows.reduce((sum, row) => sum + row.target.length + 1, 0));
    expect(batch.correct).toBe(alone.reduce((sum, row) => sum + row.correct, 0));
    const weighted = (of: (row: Result) => ArrayLike<number>, length: number) =>
      Float64Array.from({ length }, (_, i) =>
        alone.reduce((sum, row) => sum + ((of(row)[i] as number) * row.tokens) / tokens, 0),
      );
    expect(Math.abs(batch.loss - (weighted((row) => [row.loss], 1)[0] as number))).toBeLessThan(2e-6);
    expectNear(
      batch.shared,
      weighted((row) => row.shared, batch.shared.length),
    );
    expectNear(
      batch.task,
      weighted((row) => row.task, batch.task.length),
    );
  });

  it('adds nothing with more columns and rows of padding', async () => {
    const batch = await whole();
    const padded = await compute(
      sequence,
      batchOf([undefined, ...rows, undefined, undefined], { source: size.source + 3, target: size.target + 4 }),
    );
    expect([padded.tokens, padded.correct]).toEqual([batch.tokens, batch.correct]);
    expect(Math.abs(padded.loss - batch.loss)).toBeLessThan(1e-6);
    expectNear(padded.shared, batch.shared);
    expectNear(padded.task, batch.task);
  });

  it('gives a row the same bits whatever shares its batch', async () => {
    const [first, second] = rows as [(typeof rows)[0], (typeof rows)[0]];
    // The same tokens count, so the other rows' losses are all that differs.
    const beside = await compute(sequence, batchOf([first, undefined], size));
    const swapped = await compute(sequence, batchOf([undefined, first], size));
    expect(swapped.loss).toBe(beside.loss);
    expect(swapped.shared).toEqual(beside.shared);
    expect(swapped.task).toEqual(beside.task);
    expect((await compute(sequence, batchOf([first, second], size))).tokens).toBe(
      beside.tokens + second.target.length + 1,
    );
  });

  it('gives a batch of nothing but padding loss and gradients of exactly zero', async () => {
    const empty = await compute(sequence, batchOf([undefined, undefined], size));
    expect([empty.loss, empty.tokens, empty.correct]).toEqual([0, 0, 0]);
    expect(empty.shared.every((value) => value === 0)).toBe(true);
    expect(empty.task.every((value) => value === 0)).toBe(true);
  });
});
