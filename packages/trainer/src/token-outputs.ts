import { type Batch, idsToText } from '@tributary/datasets';
import { type ErrorRates, errorRates, type TaskParameters } from '@tributary/models';
import { specialIds } from '@tributary/protocol';
import type { EvaluationResult } from './compute-messages.js';
import type { EvaluatedOutputs, OutputRequest } from './evaluated-outputs.js';

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
    return errorRates(
      [...this.#outputs.values()],
      [...this.#outputs.keys()].map((example) => this.#references(example)),
    );
  }

  sample(index: number): Pick<EvaluationResult['samples'][number], 'generated' | 'references'> {
    const { targetVocabulary, targetJoin } = this.#request.task.prepared;
    const text = (ids: readonly number[]): string => idsToText(ids, targetVocabulary, targetJoin);
    return { generated: text(this.#outputs.get(index) ?? []), references: this.#references(index).map(text) };
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
