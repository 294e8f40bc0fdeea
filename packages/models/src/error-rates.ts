import type { MetricName, TextMetricName } from '@tributary/config';
import { editDistance } from './edit-distance.js';

type Sequence = ArrayLike<number> | ArrayLike<string>;

export interface ErrorRates {
  /**
   * Edits to the nearest reference, summed over all examples, by the summed lengths of those references; as in speech
   * recognition it may exceed 1. NaN without any reference symbol.
   */
  readonly tokenErrorRate: number;
  /** Share of outputs that equal none of their references; NaN without examples. */
  readonly wordErrorRate: number;
  readonly edits: number;
  readonly referenceTokens: number;
  readonly wrong: number;
  readonly examples: number;
}

/**
 * Error rates of outputs against one or several references each. The nearest reference is the one with the fewest edits; of
 * two equally near, the first.
 *
 * @param hypotheses one sequence of symbols (ids or text) an example, without special symbols
 * @param references at least one sequence for each example
 * @throws RangeError when the two do not match, or an example has no reference
 */
export function errorRates<S extends Sequence>(
  hypotheses: readonly S[],
  references: readonly (readonly S[])[],
): ErrorRates {
  if (hypotheses.length !== references.length)
    throw new RangeError(`${hypotheses.length} outputs for ${references.length} examples with references`);
  let edits = 0;
  let referenceTokens = 0;
  let wrong = 0;
  hypotheses.forEach((hypothesis, index) => {
    const candidates = references[index] as readonly S[];
    if (candidates.length === 0) throw new RangeError(`example ${index} has no reference`);
    let nearest = { edits: Number.POSITIVE_INFINITY, length: 0 };
    for (const reference of candidates) {
      const distance = editDistance(hypothesis as ArrayLike<string>, reference as ArrayLike<string>);
      if (distance < nearest.edits) nearest = { edits: distance, length: reference.length };
    }
    edits += nearest.edits;
    referenceTokens += nearest.length;
    if (nearest.edits > 0) wrong++;
  });
  return {
    tokenErrorRate: edits / referenceTokens,
    wordErrorRate: wrong / hypotheses.length,
    edits,
    referenceTokens,
    wrong,
    examples: hypotheses.length,
  };
}

/** Sums that `TaskModel.evaluator` gives, added up over batches. */
export interface TeacherForcedSums {
  readonly tokens: number;
  readonly correct: number;
  /** Of a features head. */
  readonly squaredError?: number;
  readonly elements?: number;
}

/** Peak signal-to-noise ratio of a mean squared error, dB, for signals whose peak is 1; infinite without any error. */
export const peakSignalToNoise = (meanSquaredError: number): number => -10 * Math.log10(meanSquaredError);

/** Metrics that follow from error rates and from what teacher forcing gives. */
export type SymbolMetricName = Exclude<MetricName, TextMetricName | 'perplexity' | 'hits_at_1'>;

/**
 * One metric of the run file. Phone, letter and token error rate are the same number; the name says what a symbol is.
 * All of them are shares: 0.17 is 17%. `mse` and `psnr` (dB) are those of teacher forcing; NaN without any frame.
 */
export function metricValue(name: SymbolMetricName, rates: ErrorRates, forced: TeacherForcedSums): number {
  switch (name) {
    case 'token_accuracy':
      return forced.correct / forced.tokens;
    case 'token_error_rate':
    case 'phone_error_rate':
    case 'letter_error_rate':
      return rates.tokenErrorRate;
    case 'word_error_rate':
      return rates.wordErrorRate;
    case 'mse':
      return meanSquare(forced);
    case 'psnr':
      return peakSignalToNoise(meanSquare(forced));
  }
}

const meanSquare = ({ squaredError, elements }: TeacherForcedSums): number =>
  (squaredError ?? Number.NaN) / (elements ?? Number.NaN);
