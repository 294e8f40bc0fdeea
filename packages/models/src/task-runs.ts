import type { TracedFunction } from '@tributary/engine';
import type { TaskGraph } from './task-functions.js';

/** Parameters that a task's functions read. */
export interface TaskParameters {
  /** f32[sharedLayout.elements] */
  readonly shared: Float32Array;
  /** f32[layout.elements] */
  readonly task: Float32Array;
}

/**
 * A batch, padded to its shape. Id 0 is padding; a target row is `<s> y1 … yn </s> <pad> …`. Where a side is features, its
 * ids only say where a vector is real (any id but 0); such a target row is `<s>`, one id for each frame, then padding.
 */
export interface BatchData {
  /** i32[B, S] */
  readonly source: Int32Array;
  /** i32[B, T + 1] */
  readonly target: Int32Array;
  /** f32[B, S, F]; where the task reads features */
  readonly sourceFeatures?: Float32Array | undefined;
  /** f32[B, T, F']; where the task generates features */
  readonly targetFeatures?: Float32Array | undefined;
}

/** Names the random numbers of one lane's step: whatever computes it, wherever, draws the same. */
export interface DrawKey {
  readonly seed: number;
  readonly step: number;
  readonly lane: number;
}

export interface StepGradients {
  /**
   * Symbols: mean over the batch's target tokens, nats, label smoothing included. Features: mean of squares over real frames
   * and their numbers. 0 for a batch of nothing but padding.
   */
  readonly loss: number;
  /** f32[sharedLayout.elements] */
  readonly shared: Float32Array;
  /** f32[layout.elements] */
  readonly task: Float32Array;
}

/** Forward and backward of one batch shape, compiled. */
export interface TrainStep {
  readonly name: string;
  /** Milliseconds that compiling took, the first run included. */
  readonly traceMs: number;
  /** @param into receives the gradients; new arrays where absent */
  run(
    parameters: TaskParameters,
    batch: BatchData,
    draw: DrawKey,
    into?: { readonly shared: Float32Array; readonly task: Float32Array },
  ): Promise<StepGradients>;
  dispose(): void;
}

export interface EvaluationSums {
  /**
   * Symbols: nats, without label smoothing; by `tokens` its exponential is the perplexity. Features: mean square of each
   * frame, summed over frames.
   */
  readonly lossSum: number;
  /** Target tokens, or real frames. */
  readonly tokens: number;
  /** Tokens whose most likely symbol, under teacher forcing, is the target; 0 for features. */
  readonly correct: number;
  /** Sum of squares over real frames and their numbers, under teacher forcing; 0 for symbols. */
  readonly squaredError: number;
  /** Numbers in those frames; 0 for symbols. */
  readonly elements: number;
}

/** Loss and accuracy of one batch shape, compiled. */
export interface Evaluator {
  readonly name: string;
  readonly traceMs: number;
  run(parameters: TaskParameters, batch: BatchData): Promise<EvaluationSums>;
  dispose(): void;
}

/** How likely one batch shape's targets are, row by row, compiled. */
export interface RowScorer {
  readonly name: string;
  readonly traceMs: number;
  /** @returns f32[B]: cross-entropy of each row's target, nats, summed over its tokens, `</s>` included; 0 for a row of padding */
  run(parameters: TaskParameters, batch: BatchData): Promise<Float32Array>;
  dispose(): void;
}

const scalar = (values: ArrayLike<number> | undefined): number => values?.[0] ?? Number.NaN;

/** Whole numbers as int32 of the same bits. */
const drawInput = ({ seed, step, lane }: DrawKey): Int32Array => Int32Array.of(seed, step, lane);

function featuresOf(graph: TaskGraph, batch: BatchData): Float32Array[] {
  const features: Float32Array[] = [];
  for (const [width, values, name] of [
    [graph.sourceFeatures, batch.sourceFeatures, 'sourceFeatures'],
    [graph.targetFeatures, batch.targetFeatures, 'targetFeatures'],
  ] as const) {
    if (width === null) continue;
    if (!values) throw new RangeError(`this task needs ${name} in every batch`);
    features.push(values);
  }
  return features;
}

export const trainStepOf = (graph: TaskGraph, traced: TracedFunction): TrainStep => ({
  name: traced.name,
  traceMs: traced.traceMs,
  async run({ shared, task }, batch, draw, into) {
    const [loss, ofShared, ofTask] = await traced.run(
      [shared, task, batch.source, batch.target, drawInput(draw), ...featuresOf(graph, batch)],
      [undefined, into?.shared, into?.task],
    );
    return { loss: scalar(loss), shared: ofShared as Float32Array, task: ofTask as Float32Array };
  },
  dispose: () => traced.dispose(),
});

export const evaluatorOf = (graph: TaskGraph, traced: TracedFunction): Evaluator => ({
  name: traced.name,
  traceMs: traced.traceMs,
  async run({ shared, task }, batch) {
    const sums = await traced.run([shared, task, batch.source, batch.target, ...featuresOf(graph, batch)]);
    const [lossSum, tokens, correct, squaredError, elements] = sums.map(scalar) as [
      number,
      number,
      number,
      number?,
      number?,
    ];
    return { lossSum, tokens, correct, squaredError: squaredError ?? 0, elements: elements ?? 0 };
  },
  dispose: () => traced.dispose(),
});

export const rowScorerOf = (graph: TaskGraph, traced: TracedFunction): RowScorer => ({
  name: traced.name,
  traceMs: traced.traceMs,
  async run({ shared, task }, batch) {
    const [losses] = await traced.run([shared, task, batch.source, batch.target, ...featuresOf(graph, batch)]);
    return losses as Float32Array;
  },
  dispose: () => traced.dispose(),
});
