import { decodeIds, sampleExamples } from '@tributary/datasets';
import type { EvaluationSums } from '@tributary/models';
import { candidateLosses } from './candidate-losses.js';
import type { EvaluationResult } from './compute-messages.js';
import type { EvaluatedOutputs } from './evaluated-outputs.js';
import { FeatureOutputs } from './feature-outputs.js';
import { measured } from './measured.js';
import type { TaskCompute } from './task-compute.js';
import { TokenOutputs } from './token-outputs.js';

interface EvaluationRequest {
  readonly task: TaskCompute;
  readonly split: 'validation' | 'test';
  readonly parameters: { readonly shared: Float32Array; readonly task: Float32Array };
  /** Number of examples; null: the whole split. */
  readonly limit: number | null;
  /** How many generated examples to return. */
  readonly samples: number;
  readonly onProgress: () => void;
}

/** Loss and metrics over fixed batches in a fixed order. */
export async function evaluateTask(request: EvaluationRequest): Promise<EvaluationResult> {
  const { task, parameters } = request;
  const batches = task.heldOutBatches(request.split, request.limit);
  const examples = batches.flatMap((batch) => batch.examples);
  // A fixed random sample of the split, so that two runs on the same data show the same examples.
  const known = new Set(examples);
  const shown = [...sampleExamples(task.split(request.split).length, request.samples)].filter((index) =>
    known.has(index),
  );
  const outputRequest = { task, split: request.split, shown: new Set(shown) };
  const outputs: EvaluatedOutputs =
    task.model.head.kind === 'features'
      ? new FeatureOutputs(outputRequest, parameters)
      : new TokenOutputs(outputRequest, parameters);
  let sums: EvaluationSums = { lossSum: 0, tokens: 0, correct: 0, squaredError: 0, elements: 0 };
  for (const batch of batches) {
    sums = added(sums, await task.evaluator(batch.shape).run(parameters, batch));
    request.onProgress();
    await outputs.add(batch);
    request.onProgress();
  }
  const values: Record<string, number> = { loss: sums.lossSum / sums.tokens };
  const evaluated = {
    sums,
    rates: once(() => outputs.rates()),
    texts: once(() => outputs.texts()),
    candidates: () =>
      candidateLosses(
        request,
        [...known].sort((a, b) => a - b),
      ),
  };
  for (const metric of task.spec.tasks.find(({ name }) => name === task.name)?.metrics ?? []) {
    values[metric] = await measured(metric, evaluated);
    request.onProgress();
  }
  return {
    task: task.name,
    examples: examples.length,
    values,
    samples: shown.map((index) => ({ index, source: sourceText(request, index), ...outputs.sample(index) })),
  };
}

function added(sums: EvaluationSums, more: EvaluationSums): EvaluationSums {
  return {
    lossSum: sums.lossSum + more.lossSum,
    tokens: sums.tokens + more.tokens,
    correct: sums.correct + more.correct,
    squaredError: sums.squaredError + more.squaredError,
    elements: sums.elements + more.elements,
  };
}

/** Makes it at the first call. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function sourceText({ task, split }: EvaluationRequest, index: number): string {
  const content = task.split(split);
  const ids = content.source(index);
  if (content.sourceWidth > 0) return `${ids.length} vectors of ${content.sourceWidth}`;
  return decodeIds(task.text.source, ids);
}
