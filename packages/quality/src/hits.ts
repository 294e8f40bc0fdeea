/**
 * Hits@k: the share of examples whose true response is among the k that the model finds most likely of its candidates. With one true
 * response among 20 and k = 1 it is the Hits@1 of PersonaChat (Zhang et al. 2018) and of the ConvAI2 challenge (Dinan et al. 2019). A
 * candidate as likely as the true one, or a likelihood that is not a number, counts against the model.
 *
 * @param k how many places count
 * @param losses of each example, one number a candidate, the true response's first: the less, the more likely
 * @returns 0 to 1; NaN without examples
 */
export function hitsAt(k: number, losses: readonly ArrayLike<number>[]): number {
  const hits = losses.filter((candidates) => rankOfFirst(candidates) <= k);
  return hits.length / losses.length;
}

/** 1: the least of all. */
function rankOfFirst(candidates: ArrayLike<number>): number {
  const own = candidates[0] as number;
  let rank = 1;
  for (let index = 1; index < candidates.length; index++) if (!((candidates[index] as number) > own)) rank++;
  return rank;
}
