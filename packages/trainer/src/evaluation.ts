import { evaluationBatches, idsToText, sampleExamples } from '@tributary/datasets';
import { type Evaluator, errorRates, type GreedyGenerator, metricValue } from '@tributary/models';
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

/** Batches of evaluation are larger than those of training: no gradient is kept. */
const evaluationBatchSize = 128;

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
  const { batches } = evaluationBatches(split, {
    batchSize: evaluationBatchSize,
    buckets: task.spec.lengths.buckets,
    limit: request.limit ?? undefined,
  });
  const parameters = { shared, task: task.parameters(request.buffer) };
  const maxLength = task.spec.lengths.target + 1;
  const evaluators = new Map<string, Evaluator>();
  const generators = new Map<string, GreedyGenerator>();
  let lossSum = 0;
  let tokens = 0;
  let correct = 0;
  const hypotheses: number[][] = [];
  const references: number[][][] = [];
  const indices: number[] = [];
  try {
    for (const batch of batches) {
      const { batch: rows, source, target } = batch.shape;
      const evaluatorKey = `${rows}x${source}x${target}`;
      const evaluator = evaluators.get(evaluatorKey) ?? task.model.evaluator(task.backend, batch.shape);
      evaluators.set(evaluatorKey, evaluator);
      const sums = await evaluator.run(parameters, batch);
      lossSum += sums.lossSum;
      tokens += sums.tokens;
      correct += sums.correct;
      request.onProgress();

      const generatorKey = `${rows}x${source}`;
      const generator = generators.get(generatorKey) ?? task.model.generator(task.backend, { batch: rows, source });
      generators.set(generatorKey, generator);
      const generated = await generator.generate(parameters, batch.source, maxLength);
      batch.examples.forEach((index, row) => {
        hypotheses.push(untilEnd(generated.subarray(row * maxLength, (row + 1) * maxLength)));
        references.push(split.example(index).targets.map((ids) => [...ids]));
        indices.push(index);
      });
      request.onProgress();
    }
  } finally {
    for (const evaluator of evaluators.values()) evaluator.dispose();
    for (const generator of generators.values()) generator.dispose();
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
