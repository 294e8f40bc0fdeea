import { runFileSchema } from '@tributary/config';
import type { ComputeBackend } from '@tributary/engine';
import { createSequenceModel, type TrainStep } from '@tributary/models';

const vocabulary = 48;
const length = 10;

/** Forward and backward pass of the model of `examples/words.yaml`, compiled, with a batch to run it on. */
export interface WordsStep {
  readonly step: TrainStep;
  /** Source and target symbols of the batch; it has no padding. */
  readonly tokens: number;
  run(step: number): Promise<void>;
}

/** @param batch pairs of 10 source and 10 target symbols */
export function wordsStep(backend: ComputeBackend, batch: number): WordsStep {
  const { model } = runFileSchema.parse({
    experiment: 'bench',
    tasks: [{ name: 'words', data: { source: 'words', kind: 'pronounce' } }],
    budget: { steps: 1 },
    model: {
      embedding: { size: 128 },
      encoder: { hidden: 256, bidirectional: true },
      attention: { kind: 'bahdanau', size: 128 },
      generator: { hidden: 256 },
    },
  });
  const tasks = [{ name: 'words', targetVocabulary: vocabulary, generator: undefined, labelSmoothing: 0 }];
  const sequences = createSequenceModel({ model, sourceVocabulary: vocabulary, tasks });
  const task = sequences.task('words');
  const parameters = { shared: sequences.initialShared(1), task: task.initial(1) };
  const into = { shared: new Float32Array(parameters.shared.length), task: new Float32Array(parameters.task.length) };
  // Ids 1 to 3 are <s>, </s> and the unknown symbol.
  const symbols = (count: number) => Int32Array.from({ length: count }, (_, i) => 4 + ((i * 7) % (vocabulary - 4)));
  const data = { source: symbols(batch * length), target: symbols(batch * (length + 1)) };
  const step = task.trainStep(backend, { batch, source: length, target: length });
  return {
    step,
    tokens: batch * 2 * length,
    async run(number) {
      const { loss } = await step.run(parameters, data, { seed: 1, step: number, lane: 0 }, into);
      if (!Number.isFinite(loss)) throw new Error(`the loss of the benchmark is ${loss}`);
    },
  };
}
