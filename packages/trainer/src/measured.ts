import type { MetricName } from '@tributary/config';
import { type ErrorRates, type EvaluationSums, metricValue } from '@tributary/models';
import { corpusBleu, corpusChrf2, distinct, exactMatch, hitsAt, perplexity, rouge } from '@tributary/quality';
import type { OutputTexts } from './evaluated-outputs.js';

/** What an evaluation has found; texts and candidates are made when a metric asks for them. */
export interface Evaluated {
  readonly sums: EvaluationSums;
  rates(): ErrorRates;
  texts(): OutputTexts;
  /** Losses of each example's candidates, its own target's first. */
  candidates(): Promise<readonly Float64Array[]>;
}

/**
 * One metric of the run file: BLEU and chrF2 from 0 to 100, perplexity from 1, ROUGE, distinct-n, Hits@1 and the rest as shares of one.
 * Perplexity is that of the loss without label smoothing, which evaluation never has.
 */
export async function measured(metric: MetricName, evaluated: Evaluated): Promise<number> {
  const { sums } = evaluated;
  switch (metric) {
    case 'bleu':
      return ofTexts(corpusBleu, evaluated);
    case 'chrf2':
      return ofTexts(corpusChrf2, evaluated);
    case 'rouge1':
    case 'rouge2':
    case 'rougeL':
      return ofTexts((hypotheses, references) => rouge(metric, hypotheses, references), evaluated);
    case 'distinct1':
      return ofTexts((hypotheses) => distinct(1, hypotheses), evaluated);
    case 'distinct2':
      return ofTexts((hypotheses) => distinct(2, hypotheses), evaluated);
    case 'exact_match':
      return ofTexts(exactMatch, evaluated);
    case 'perplexity':
      return perplexity(sums.lossSum, sums.tokens);
    case 'hits_at_1':
      return hitsAt(1, await evaluated.candidates());
    default:
      return metricValue(metric, evaluated.rates(), sums);
  }
}

function ofTexts(
  score: (hypotheses: readonly string[], references: readonly (readonly string[])[]) => number,
  evaluated: Evaluated,
): number {
  const { hypotheses, references } = evaluated.texts();
  return score(hypotheses, references);
}
