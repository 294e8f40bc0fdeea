import { type Batch, type FrameSequence, nearestPhones } from '@tributary/datasets';
import { type ErrorRates, errorRates, type TaskParameters } from '@tributary/models';
import type { EvaluationResult } from './compute-messages.js';
import type { EvaluatedOutputs, OutputRequest, OutputTexts } from './evaluated-outputs.js';

/** Vectors generated for the examples that are shown, as many as the first reference has: vectors have no end symbol. */
export class FeatureOutputs implements EvaluatedOutputs {
  readonly #request: OutputRequest;
  readonly #parameters: TaskParameters;
  readonly #width: number;
  /** By example. */
  readonly #outputs = new Map<number, FrameSequence>();

  constructor(request: OutputRequest, parameters: TaskParameters) {
    this.#request = request;
    this.#parameters = parameters;
    this.#width = request.task.split(request.split).targetWidth;
  }

  async add(batch: Batch): Promise<void> {
    const { task, split, shown } = this.#request;
    if (!batch.examples.some((example) => shown.has(example))) return;
    const { target } = batch.shape;
    const generator = task.featureGenerator(batch.shape);
    const values = await generator.generate(this.#parameters, batch.source, target, batch.sourceFeatures);
    batch.examples.forEach((example, row) => {
      if (!shown.has(example)) return;
      const { length } = task.split(split).target(batch.pairs[row] as number);
      const from = row * target * this.#width;
      const width = this.#width;
      this.#outputs.set(example, { width, length, values: values.slice(from, from + length * width) });
    });
  }

  /** There are no symbols to be wrong. */
  rates(): ErrorRates {
    return errorRates([], []);
  }

  /** There are none. */
  texts(): OutputTexts {
    return { hypotheses: [], references: [] };
  }

  sample(index: number): Pick<EvaluationResult['samples'][number], 'generated' | 'references'> {
    const { task, split } = this.#request;
    const width = this.#width;
    const references = (task.split(split).example(index).targetFeatures ?? []).map(
      (values): FrameSequence => ({ width, length: values.length / width, values }),
    );
    const output = this.#outputs.get(index) ?? { width, length: 0, values: new Float32Array(0) };
    const { data } = task.spec.tasks.find(({ name }) => name === task.name) ?? {};
    if (data?.source === 'words')
      return {
        generated: nearestPhones(output).join(' '),
        references: references.map((frames) => nearestPhones(frames).join(' ')),
      };
    const [first] = references;
    return {
      generated: first === undefined ? '' : `mean squared error ${meanSquare(output, first).toPrecision(3)}`,
      references: references.map(({ length }) => `${length} ${length === 1 ? 'vector' : 'vectors'} of ${width}`),
    };
  }
}

function meanSquare(output: FrameSequence, reference: FrameSequence): number {
  let sum = 0;
  reference.values.forEach((value, index) => {
    sum += (value - (output.values[index] ?? 0)) ** 2;
  });
  return sum / reference.values.length;
}
