import { type ModelSpec, runFileSchema } from '@tributary/config';
import { type ComputeBackend, openBackend } from '@tributary/engine';
import { viewOf } from '@tributary/layout';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSequenceModel } from './sequence-model.js';
import { batchOf, drawSymbols, droppingModels, tinyModels } from './tiny-models.fixture.js';

let cpu: ComputeBackend;
let wasm: ComputeBackend;
let best: ComputeBackend;
beforeAll(async () => {
  cpu = await openBackend({ prefer: 'cpu', device: 'cpu', threads: 1 });
  wasm = await openBackend({ prefer: 'wasm', device: 'cpu', threads: 1 });
  best = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
});
afterAll(() => {
  cpu.dispose();
  wasm.dispose();
  best.dispose();
});

const vocabulary = 9;
const task = (name: string, targetVocabulary = vocabulary) => ({
  name,
  targetVocabulary,
  generator: undefined,
  labelSmoothing: 0,
});
const build = (model: ModelSpec, ...tasks: ReturnType<typeof task>[]) =>
  createSequenceModel({ model, sourceVocabulary: vocabulary, tasks });

const defaults: ModelSpec = runFileSchema.parse({
  experiment: 'x',
  tasks: [{ name: 'a', data: { source: 'words', kind: 'spell' } }],
  budget: { steps: 1 },
}).model;

describe('initial values', () => {
  it('depend on seed and own name, not on the other tasks of the run', () => {
    const model: ModelSpec = {
      ...defaults,
      encoder: { kind: 'gru', hidden: 8, layers: 1, bidirectional: false, dropout: 0 },
      generator: { kind: 'gru', hidden: 8, dropout: 0 },
    };
    const alone = build(model, task('a'));
    const together = build(model, task('b', 30), task('a'));
    expect(together.initialShared(1)).toEqual(alone.initialShared(1));
    expect(together.task('a').initial(1)).toEqual(alone.task('a').initial(1));
    expect(alone.initialShared(2)).not.toEqual(alone.initialShared(1));
    const twins = build(model, task('a'), task('b'));
    expect(twins.task('b').initial(1)).not.toEqual(twins.task('a').initial(1));
  });

  it('have the Glorot range of each gate and of the query that shares their matrix', () => {
    const hidden = 256;
    const model: ModelSpec = { ...defaults, attention: { ...defaults.attention, size: 64 } };
    const own = build(model, task('a')).task('a');
    const initial = own.initial(1);
    const state = viewOf(own.layout, initial, 'generator.state');
    const width = 3 * hidden + 64;
    const column = (from: number, to: number): number => {
      let largest = 0;
      state.forEach((value, i) => {
        if (i % width >= from && i % width < to) largest = Math.max(largest, Math.abs(value));
      });
      return largest;
    };
    expect(column(0, 3 * hidden) / Math.sqrt(6 / (2 * hidden))).toBeCloseTo(1, 3);
    expect(column(3 * hidden, width) / Math.sqrt(6 / (hidden + 64))).toBeCloseTo(1, 3);
    expect(viewOf(own.layout, initial, 'output.bias').every((value) => value === 0)).toBe(true);
  });
});

describe('layouts', () => {
  it('keep the joint embedding in the shared state', () => {
    const joint = build({ ...defaults, embedding: { size: 8, share: 'all' } }, task('a', 7));
    expect(joint.sharedLayout.entries[0]).toMatchObject({ name: 'embedding', shape: [vocabulary, 8] });
    expect(joint.task('a').layout.entries.some((entry) => entry.name === 'embedding')).toBe(false);
    expect(() => build({ ...defaults, embedding: { size: 8, share: 'all' } }, task('a', vocabulary + 1))).toThrow(
      /Task "a" has 10 target symbols, but .* joint vocabulary has only 9/,
    );
  });

  it('let a task choose its own generator', () => {
    const sequence = createSequenceModel({
      model: defaults,
      sourceVocabulary: vocabulary,
      tasks: [{ ...task('a'), generator: { kind: 'gru', hidden: 12, dropout: 0 } }],
    });
    expect(sequence.task('a').layout.entries.find(({ name }) => name === 'bridge.bias')?.shape).toEqual([12]);
    expect(() => sequence.task('b')).toThrow('no task "b"; its tasks are a');
  });
});

describe.each([...tinyModels, ...droppingModels])('$title', ({ model }) => {
  const sequence = build(model, task('copy'));
  const own = sequence.task('copy');
  const size = { source: 5, target: 6 };
  const rows = [1, 2, 3, 4].map((length) => ({
    source: drawSymbols(4, length, length, vocabulary),
    target: drawSymbols(5, length, 6 - length, vocabulary),
  }));

  it('gives the same numbers on every backend', async () => {
    const { shape, source, target } = batchOf(rows, size);
    const parameters = { shared: sequence.initialShared(1), task: own.initial(1) };
    const [plain, ...others] = await Promise.all(
      [cpu, wasm, best].map(async (backend) => {
        const draw = { seed: 1, step: 1, lane: 0 };
        const { loss, shared, task } = await own.trainStep(backend, shape).run(parameters, { source, target }, draw);
        return [Float32Array.of(loss), shared, task];
      }),
    );
    for (const outputs of others) {
      outputs.forEach((output, index) => {
        const expected = plain?.[index] as Float32Array;
        const furthest = output.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))),
          0,
        );
        expect(furthest).toBeLessThan(2e-6);
      });
    }
  });
});

describe.each(tinyModels)('$title', ({ model }) => {
  const sequence = build(model, task('copy'));
  const own = sequence.task('copy');
  const size = { source: 5, target: 6 };
  const rows = [1, 2, 3, 4].map((length) => ({
    source: drawSymbols(4, length, length, vocabulary),
    target: drawSymbols(5, length, 6 - length, vocabulary),
  }));

  it('never generates <pad>, <s> or <unk>, and stops at the length it is given', async () => {
    const { source } = batchOf([...rows, undefined], size);
    const parameters = own.initial(1);
    const tied = own.layout.entries.some((entry) => entry.name === 'output.symbolBias');
    const bias = viewOf(own.layout, parameters, tied ? 'output.symbolBias' : 'output.bias');
    bias.set([50, 60, -100, 70]);
    const generator = own.generator(best, { batch: 5, source: size.source });
    for (const maxLength of [1, 4, 6]) {
      const ids = await generator.generate({ shared: sequence.initialShared(1), task: parameters }, source, maxLength);
      expect(ids.length).toBe(5 * maxLength);
      expect(ids.subarray(0, 4 * maxLength).every((id) => id > 3)).toBe(true);
      expect(ids.subarray(4 * maxLength).every((id) => id === 0)).toBe(true);
    }
    bias[2] = 100;
    expect([...(await generator.generate({ shared: sequence.initialShared(1), task: parameters }, source, 3))]).toEqual(
      [...[2, 0, 0, 2, 0, 0, 2, 0, 0, 2, 0, 0], ...[0, 0, 0]],
    );
    generator.dispose();
  });

  it('generates for a row the same whatever shares its batch', async () => {
    const generate = async (batch: readonly (typeof rows)[0][], maxLength: number) => {
      const { source } = batchOf(
        batch.map((row) => ({ ...row, target: [] })),
        size,
      );
      const generator = own.generator(best, { batch: batch.length, source: size.source });
      const parameters = { shared: sequence.initialShared(3), task: own.initial(3) };
      const ids = await generator.generate(parameters, source, maxLength);
      generator.dispose();
      return batch.map((_, row) => [...ids.subarray(row * maxLength, (row + 1) * maxLength)]);
    };
    const alone = await Promise.all(rows.map(async (row) => (await generate([row], 7))[0]));
    expect(await generate(rows, 7)).toEqual(alone);
  });
});
