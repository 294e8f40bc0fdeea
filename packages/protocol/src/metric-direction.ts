/** Whether the least or the greatest value of a metric is its best. */
export type MetricDirection = 'min' | 'max';

/** Whole words of a name of which more is better; of everything else that is measured here, less is. */
const moreIsBetter =
  /(^|[._])(accuracy|acc|bleu|chrf|rouge(?:l|lsum)?|distinct|exact_match|hits|psnr|ssim|auc|auroc|f1|precision|recall|map|ndcg|mrr|r2|correlation|score|reward|throughput|tokens_per_second|samples_per_second)([._@0-9]|$)/i;

/**
 * The direction in which a metric gets better: accuracies, BLEU, ROUGE, PSNR and the like upwards; losses, error rates, perplexity, mse,
 * durations and everything unknown downwards.
 * @param series a series (`validation.bleu`) or a metric's full name (`spell.validation.bleu`): the last word decides
 */
export function metricDirection(series: string): MetricDirection {
  return moreIsBetter.test(series.slice(series.lastIndexOf('.') + 1)) ? 'max' : 'min';
}
