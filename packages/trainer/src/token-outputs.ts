import { type Batch, decodeIds } from '@tributary/datasets';
import { type ErrorRates, errorRates, type TaskParameters } from '@tributary/models';
import { specialIds } from '@tributary/protocol';
import type { EvaluationResult } from './compute-messages.js';
import type { EvaluatedOutputs, OutputRequest, OutputTexts } from './evaluated-outputs.js';

/** Greedy outputs of every example, and their error rates. */
export class TokenOutputs implements EvaluatedOutputs {
  readonly #request: OutputRequest;
  readonly #parameters: TaskParameters;
  /** By example. */
  readonly #outputs = new Map<number, number[]>();

  constructor(request: OutputRequest, parameters: TaskParameters) {
    this.#request = request;
    this.#parameters = parameters;
  }

  async add(batch: Batch): Promise<void> {
    const { task } = this.#request;
    const maxLength = task.spec.lengths.target + 1;
    const generator = task.generator(batch.shape);
    const ids = await generator.generate(this.#parameters, batch.source, maxLength, batch.sourceFeatures);
    batch.examples.forEach((example, row) => {
      this.#outputs.set(example, untilEnd(ids.subarray(row * maxLength, (row + 1) * maxLength)));
    });
  }

  rates(): ErrorRates {
    const examples = this.#examples();
    return errorRates(
      examples.map((example) => this.#output(example)),
      examples.map((example) => this.#references(example)),
    );
  }

  texts(): OutputTexts {
    const examples = this.#examples();
    return {
      hypotheses: examples.map((example) => this.#text(this.#output(example))),
      references: examples.map((example) => this.#references(example).map((ids) => this.#text(ids))),
    };
  }

  sample(index: number): Pick<EvaluationResult['samples'][number], 'generated' | 'references'> {
    return {
      generated: this.#text(this.#output(index)),
      references: this.#references(index).map((ids) => this.#text(ids)),
    };
  }

  /** In the split's order, whatever batches they stood in. */
  #examples(): number[] {
    return [...this.#outputs.keys()].sort((a, b) => a - b);
  }

  #output(example: number): readonly number[] {
    return this.#outputs.get(example) ?? [];
  }

  #text(ids: readonly number[]): string {
    return decodeIds(this.#request.task.text.target, ids);
  }

  #references(example: number): number[][] {
    const { task, split } = this.#request;
    return task
      .split(split)
      .example(example)
      .targets.map((ids) => [...ids]);
  }
}

/** Ids of one generated row up to its end symbol. */
function untilEnd(row: Int32Array): number[] {
  const ids: number[] = [];
  for (const id of row) {
    if (id === specialIds.end || id === specialIds.pad) break;
    ids.push(id);
  }
  return ids;
}
