/** An output so far: its last symbol, and what came before. */
export interface Hypothesis {
  readonly before: Hypothesis | null;
  readonly symbol: number;
  /** Symbols so far, `<s>` not counted. */
  readonly length: number;
  /** log p of all symbols, of the model alone, nats. */
  readonly logProbability: number;
  /** The same with the repetition penalty: what a search compares. */
  readonly weight: number;
  /** Weights over the source at the last symbol's step; null where they are not wanted. */
  readonly attention: Float32Array | null;
}

/** The output before its first symbol. */
export const noHypothesis = (start: number): Hypothesis => ({
  before: null,
  symbol: start,
  length: 0,
  logProbability: 0,
  weight: 0,
  attention: null,
});

/** From the first symbol to the last. */
export function stepsOf(hypothesis: Hypothesis): Hypothesis[] {
  const steps: Hypothesis[] = [];
  for (let step = hypothesis; step.before !== null; step = step.before) steps.push(step);
  return steps.reverse();
}
