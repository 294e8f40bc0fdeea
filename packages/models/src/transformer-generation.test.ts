import { type ComputeBackend, openBackend } from '@tributary/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSequenceModel } from './sequence-model.js';
import { batchOf, drawSymbols } from './tiny-models.fixture.js';
import { tinyTransformers } from './transformer-models.fixture.js';

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await openBackend({ prefer: 'auto', device: 'cpu', threads: 1 });
});
afterAll(() => backend.dispose());

const vocabulary = 11;
const length = 9;

describe.each(tinyTransformers)('generation with keys and values carried, $title', ({ model }) => {
  it('chooses what teacher forcing finds most likely after the same symbols', async () => {
    const sequence = createSequenceModel({
      model,
      sourceVocabulary: vocabulary,
      tasks: [{ name: 'copy', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 }],
    });
    const task = sequence.task('copy');
    const own = task.initial(5);
    // No special symbol is likely, so that every row runs to the end and evaluation may choose among the same symbols.
    const entries = task.layout.entries.filter(
      ({ name, size }) => /^output\.\w*[bB]ias$/.test(name) && size === vocabulary,
    );
    for (const { offset } of entries) own.fill(-1e4, offset, offset + 4);
    expect(entries.length).toBeGreaterThan(0);
    const parameters = { shared: sequence.initialShared(5), task: own };
    const sources = [2, 5, 4, 1].map((size) => drawSymbols(6, `source ${size}`, size, vocabulary));
    const rows = sources.map((source) => ({ source, target: [] as number[] }));
    const { source } = batchOf(rows, { source: 5, target: length });
    const generator = task.generator(backend, { batch: rows.length, source: 5 });
    const generated = await generator.generate(parameters, source, length);
    generator.dispose();

    const fed = rows.map((row, index) => ({
      source: row.source,
      target: [...generated.subarray(index * length, (index + 1) * length)],
    }));
    expect(fed.every(({ target }) => target.every((id) => id > 3))).toBe(true);
    const { shape, ...batch } = batchOf(
      fed.map((row) => ({ ...row, target: row.target.slice(0, -1) })),
      { source: 5, target: length },
    );
    // The last symbol stands where `</s>` would.
    fed.forEach(({ target }, row) => {
      batch.target[row * (length + 1) + length] = target.at(-1) as number;
    });
    const evaluator = task.evaluator(backend, shape);
    const { tokens, correct } = await evaluator.run(parameters, batch);
    evaluator.dispose();
    expect(tokens).toBe(rows.length * length);
    expect(correct).toBe(tokens);
  });
});
