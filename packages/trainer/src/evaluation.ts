import { idsToText, sampleExamples } from '@tributary/datasets';
import { errorRates, metricValue } from '@tributary/models';
import { specialIds } from '@tributary/protocol';
import type { BufferIndex, EvaluationResult } from './compute-messages.js';
import type { TaskCompute } from './task-compute.js';

interface EvaluationRequest {
  readonly task: TaskCompute;
  readonly split: 'validation' | 'test';
  readonly shared: Float32Array;
  readonly buffer: BufferIndex;
  /** Number of examples; null: the whole split. */
  readonly limit: number | null;
  /** How many generated examples to return. */
  readonly samples: number;
  readonly onProgress: () => void;
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

/** Loss, accuracy and error rates over fixed batches in a fixed order. */
export async function evaluateTask(request: EvaluationRequest): Promise<EvaluationResult> {
  const { task, shared } = request;
  const split = task.split(request.split);
  const parameters = { shared, task: task.parameters(request.buffer) };
  const maxLength = task.spec.lengths.target + 1;
  let lossSum = 0;
  let tokens = 0;
  let correct = 0;
  const hypotheses: number[][] = [];
  const references: number[][][] = [];
  const indices: number[] = [];
  for (const batch of task.heldOutBatches(request.split, request.limit)) {
    const sums = await task.evaluator(batch.shape).run(parameters, batch);
    lossSum += sums.lossSum;
    tokens += sums.tokens;
    correct += sums.correct;
    request.onProgress();

    const generated = await task.generator(batch.shape).generate(parameters, batch.source, maxLength);
    batch.examples.forEach((index, row) => {
      hypotheses.push(untilEnd(generated.subarray(row * maxLength, (row + 1) * maxLength)));
      references.push(split.example(index).targets.map((ids) => [...ids]));
      indices.push(index);
    });
    request.onProgress();
  }
  const rates = errorRates(hypotheses, references);
  const values: Record<string, number> = { loss: lossSum / tokens };
  for (const metric of task.spec.tasks.find(({ name }) => name === task.name)?.metrics ?? []) {
    values[metric] = metricValue(metric, rates, { tokens, correct });
  }
  return {
    task: task.name,
    examples: hypotheses.length,
    values,
    samples: samplesOf(request, hypotheses, references, indices),
  };
}

/** A fixed random sample of the split, so that two runs on the same data show the same examples. */
function samplesOf(
  { task, split, samples }: EvaluationRequest,
  hypotheses: readonly number[][],
  references: readonly number[][][],
  indices: readonly number[],
): EvaluationResult['samples'] {
  const { targetVocabulary, targetJoin, sourceJoin } = task.prepared;
  const content = task.split(split);
  const rowOf = new Map(indices.map((index, row) => [index, row]));
  return [...sampleExamples(content.length, samples)].flatMap((index) => {
    const row = rowOf.get(index);
    if (row === undefined) return [];
    return {
      index,
      source: idsToText(content.source(index), task.sourceVocabulary, sourceJoin),
      generated: idsToText(hypotheses[row] ?? [], targetVocabulary, targetJoin),
      references: (references[row] ?? []).map((ids) => idsToText(ids, targetVocabulary, targetJoin)),
    };
  });
}
