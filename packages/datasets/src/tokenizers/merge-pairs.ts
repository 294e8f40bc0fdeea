import TinyQueue from 'tinyqueue';
import { pairOf } from './token-pairs.js';

/** What becomes of two neighbouring tokens. */
export interface Merge {
  /** Merges of lower rank come first. */
  readonly rank: number;
  /** Id of the token that stands for both. */
  readonly token: number;
}

/** By pair of ids, as `pairOf` gives it. */
export type Merges = ReadonlyMap<number, Merge>;

interface Candidate extends Merge {
  readonly at: number;
}

/**
 * Merges neighbouring tokens until no merge applies: the lowest rank first, of equal ones the leftmost (byte-pair encoding, Sennrich et
 * al. 2016). Takes time n log n in the number of tokens.
 */
export function mergePairs(tokens: readonly number[], merges: Merges): number[] {
  const { length } = tokens;
  if (length < 2) return [...tokens];
  const ids = Int32Array.from(tokens);
  /** Of each token that is still there: where the next one and the one before it stand. */
  const next = Int32Array.from(ids, (_, at) => at + 1);
  const previous = Int32Array.from(ids, (_, at) => at - 1);
  const gone = -1;
  const queue = new TinyQueue<Candidate>([], (a, b) => a.rank - b.rank || a.at - b.at);
  const mergeAt = (at: number): Merge | undefined => {
    const after = next[at] as number;
    return after < length ? merges.get(pairOf(ids[at] as number, ids[after] as number)) : undefined;
  };
  const consider = (at: number): void => {
    const merge = mergeAt(at);
    if (merge !== undefined) queue.push({ ...merge, at });
  };
  for (let at = 0; at + 1 < length; at++) consider(at);
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    const { at, token } = top;
    // What stood here, or beside it, may have been merged with another since.
    if (ids[at] === gone || mergeAt(at)?.token !== token) continue;
    const right = next[at] as number;
    const after = next[right] as number;
    ids[at] = token;
    ids[right] = gone;
    next[at] = after;
    if (after < length) previous[after] = at;
    const before = previous[at] as number;
    if (before >= 0) consider(before);
    consider(at);
  }
  return [...ids].filter((id) => id !== gone);
}
