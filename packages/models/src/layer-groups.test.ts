import { openBackend } from '@tributary/engine';
import { groupBlocks, viewOf } from '@tributary/layout';
import { blockElements } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { createSequenceModel } from './sequence-model.js';
import { batchOf, modelSpec } from './tiny-models.fixture.js';

const models = {
  recurrent: modelSpec({
    embedding: { size: 3 },
    encoder: { hidden: 4, layers: 2, bidirectional: true, dropout: 0.1 },
    generator: { hidden: 5 },
  }),
  Transformer: modelSpec({
    embedding: { size: 4, share: 'all' },
    encoder: { kind: 'transformer', width: 4, heads: 2, layers: 2, feedForward: 6 },
    generator: { hidden: 5 },
  }),
};
const vocabulary = 8;
const build = (model: (typeof models)['recurrent'], groups: 'all' | 'layers') =>
  createSequenceModel({
    model,
    groups,
    sourceVocabulary: vocabulary,
    tasks: [{ name: 'copy', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 }],
  });
const batch = batchOf(
  [
    { source: [4, 5, 6, 7], target: [5, 4, 6] },
    { source: [7, 7], target: [4] },
  ],
  { source: 5, target: 4 },
);
const draw = { seed: 1, step: 1, lane: 0 };

describe.each(Object.entries(models))('the shared parameters of a %s encoder, grouped by layer', (_, model) => {
  const plain = build(model, 'all');
  const grouped = build(model, 'layers');

  it('lie in a group for each layer and one for the rest', () => {
    expect(plain.sharedLayout.groups).toEqual([]);
    expect(groupBlocks(grouped.sharedLayout, blockElements)).toEqual([
      { name: 'embedding', firstBlock: 0, blockCount: 1 },
      { name: 'encoder.0', firstBlock: 1, blockCount: 1 },
      { name: 'encoder.1', firstBlock: 2, blockCount: 1 },
    ]);
    const names = ({ sharedLayout }: typeof plain) => sharedLayout.entries.map(({ name, shape }) => ({ name, shape }));
    expect(names(grouped)).toEqual(names(plain));
  });

  it.each(['cpu', 'tensorflow'] as const)(
    'give the same loss and gradients, and zeros between groups, on %s',
    async (prefer) => {
      const backend = await openBackend({ prefer, device: 'cpu', threads: 1 });
      const run = async (sequence: typeof plain) => {
        const task = sequence.task('copy');
        const shared = sequence.initialShared(1);
        const step = task.trainStep(backend, batch.shape);
        const done = await step.run({ shared, task: task.initial(1) }, batch, draw);
        step.dispose();
        return { loss: done.loss, ofShared: done.shared, ofTask: done.task };
      };
      const [one, other] = [await run(plain), await run(grouped)];
      expect(other.loss).toBe(one.loss);
      expect(other.ofTask).toEqual(one.ofTask);
      const padding = new Set(other.ofShared.keys());
      for (const { name, offset, size } of grouped.sharedLayout.entries) {
        expect(viewOf(grouped.sharedLayout, other.ofShared, name)).toEqual(
          viewOf(plain.sharedLayout, one.ofShared, name),
        );
        for (let i = offset; i < offset + size; i++) padding.delete(i);
      }
      expect(padding.size).toBeGreaterThan(blockElements);
      for (const i of padding) if (other.ofShared[i] !== 0) throw new Error(`element ${i} is ${other.ofShared[i]}`);
      backend.dispose();
    },
  );
});
