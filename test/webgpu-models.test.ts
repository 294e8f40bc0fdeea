import { runFileSchema } from '@tributary/config';
import { openBackend } from '@tributary/engine';
import { createSequenceModel } from '@tributary/models';
import { useSoftwareVulkan } from '@tributary/testing';
import { describe, expect, it } from 'vitest';

const vulkan = await useSoftwareVulkan();
// Each operation takes milliseconds on the software driver.
const timeoutMs = 240_000;

const models = {
  GRU: {
    embedding: { size: 6 },
    encoder: { kind: 'gru', hidden: 8, bidirectional: true, dropout: 0.2 },
    attention: { kind: 'bahdanau', size: 6 },
    generator: { kind: 'gru', hidden: 8 },
  },
  LSTM: {
    embedding: { size: 6 },
    encoder: { kind: 'lstm', hidden: 8 },
    attention: { kind: 'luong' },
    generator: { kind: 'lstm', hidden: 8 },
  },
  Transformer: {
    embedding: { size: 8 },
    encoder: { kind: 'transformer', layers: 1, heads: 2, dropout: 0.1 },
    generator: { kind: 'transformer', layers: 1, heads: 2 },
  },
};
const source = Int32Array.of(4, 5, 6, 7, 8, 9, 0, 0, 4, 4, 5, 3);
const target = Int32Array.of(1, 5, 6, 2, 1, 4, 2, 0, 1, 7, 8, 2);

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}

const title = vulkan.available ? 'WebGPU' : `WebGPU: NOT TESTED. ${vulkan.reason}`;
describe.skipIf(!vulkan.available)(title, () => {
  it.each(Object.entries(models))(
    'computes the step and the generation of a %s as TensorFlow does',
    async (_, model) => {
      const run = runFileSchema.parse({
        experiment: 'webgpu',
        tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
        budget: { steps: 1 },
        model,
      });
      const sequences = createSequenceModel({
        model: run.model,
        sourceVocabulary: 12,
        tasks: [{ name: 'spell', targetVocabulary: 11, generator: undefined, labelSmoothing: 0.1 }],
      });
      const task = sequences.task('spell');
      const parameters = { shared: sequences.initialShared(1), task: task.initial(1) };
      const compute = async (prefer: 'tensorflow' | 'webgpu') => {
        const backend = await openBackend({ prefer, device: 'cpu', threads: 1 });
        const step = task.trainStep(backend, { batch: 3, source: 4, target: 3 });
        const gradients = await step.run(parameters, { source, target }, { seed: 1, step: 2, lane: 0 });
        const generator = task.generator(backend, { batch: 3, source: 4 });
        const generated = await generator.generate(parameters, source, 5);
        backend.dispose();
        return { gradients, generated };
      };
      const expected = await compute('tensorflow');
      const found = await compute('webgpu');
      expect(found.gradients.loss).toBeCloseTo(expected.gradients.loss, 5);
      expect(largestDifference(found.gradients.shared, expected.gradients.shared)).toBeLessThan(1e-6);
      expect(largestDifference(found.gradients.task, expected.gradients.task)).toBeLessThan(1e-6);
      expect(found.generated).toEqual(expected.generated);
    },
    timeoutMs,
  );
});
