import type { TracedFunction } from '@tributary/engine';

/** Parameters that a task's functions read. */
export interface TaskParameters {
  /** f32[sharedLayout.elements] */
  readonly shared: Float32Array;
  /** f32[layout.elements] */
  readonly task: Float32Array;
}

/** A batch, padded to its shape. Id 0 is padding; a target row is `<s> y1 … yn </s> <pad> …`. */
export interface BatchData {
  /** i32[B, S] */
  readonly source: Int32Array;
  /** i32[B, T + 1] */
  readonly target: Int32Array;
}

/** Names the random numbers of one lane's step: whatever computes it, wherever, draws the same. */
export interface DrawKey {
  readonly seed: number;
  readonly step: number;
  readonly lane: number;
}

export interface StepGradients {
  /** Mean over the batch's target tokens, nats, label smoothing included; 0 without any. */
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
  /** Nats, without label smoothing: its mean is the logarithm of the perplexity. */
  readonly lossSum: number;
  /** Target tokens. */
  readonly tokens: number;
  /** Tokens whose most likely symbol, under teacher forcing, is the target. */
  readonly correct: number;
}

/** Loss and accuracy of one batch shape, compiled. */
export interface Evaluator {
  readonly name: string;
  readonly traceMs: number;
  run(parameters: TaskParameters, batch: BatchData): Promise<EvaluationSums>;
  dispose(): void;
}

const scalar = (values: ArrayLike<number> | undefined): number => values?.[0] ?? Number.NaN;

/** Whole numbers as int32 of the same bits. */
const drawInput = ({ seed, step, lane }: DrawKey): Int32Array => Int32Array.of(seed, step, lane);

export const trainStepOf = (traced: TracedFunction): TrainStep => ({
  name: traced.name,
  traceMs: traced.traceMs,
  async run({ shared, task }, { source, target }, draw, into) {
    const [loss, ofShared, ofTask] = await traced.run(
      [shared, task, source, target, drawInput(draw)],
      [undefined, into?.shared, into?.task],
    );
    return { loss: scalar(loss), shared: ofShared as Float32Array, task: ofTask as Float32Array };
  },
  dispose: () => traced.dispose(),
});

export const evaluatorOf = (traced: TracedFunction): Evaluator => ({
  name: traced.name,
  traceMs: traced.traceMs,
  async run({ shared, task }, { source, target }) {
    const [lossSum, tokens, correct] = await traced.run([shared, task, source, target]);
    return { lossSum: scalar(lossSum), tokens: scalar(tokens), correct: scalar(correct) };
  },
  dispose: () => traced.dispose(),
});
