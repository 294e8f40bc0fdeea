/**
 * The exponential of the mean cross-entropy of a target token (Jelinek et al. 1977). Tokens are those of the run's own vocabulary, the end
 * symbol included, so that perplexities compare between equal vocabularies alone.
 *
 * @param crossEntropy summed over target tokens, nats, of the true tokens alone: without label smoothing
 * @param tokens how many
 * @returns 1 and more; the size of the vocabulary where every token is equally likely; NaN without tokens
 */
export function perplexity(crossEntropy: number, tokens: number): number {
  return Math.exp(crossEntropy / tokens);
}
