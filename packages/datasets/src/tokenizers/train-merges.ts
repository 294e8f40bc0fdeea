import TinyQueue from 'tinyqueue';
import { byteAlphabet, toByteCharacters } from './byte-characters.js';
import type { PieceCounts } from './piece-counts.js';
import { idsOfPair, pairOf } from './token-pairs.js';

/** Pairs that occur less often are not merged. */
const leastOccurrences = 2;

export interface TrainedMerges {
  /** Byte-level tokens: the alphabet, then what merges made, in their order. */
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [left: string, right: string])[];
}

interface Candidate {
  readonly count: number;
  readonly pair: number;
}

/**
 * Learns byte pairs (Sennrich et al. 2016) until there are `size` tokens, or no pair occurs twice. The most frequent pair comes first; of
 * equally frequent ones, that with the lower left id, then with the lower right one: the result follows from the counts alone, not
 * from their order. The rules are those of Hugging Face's trainer.
 * @param size tokens, the 256 bytes included
 */
export function trainMerges(counts: PieceCounts, size: number): TrainedMerges {
  const tokens = [...byteAlphabet];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: [string, string][] = [];
  const words = new Words(counts, ids);
  const queue = new TinyQueue<Candidate>(words.candidates(), (a, b) => b.count - a.count || a.pair - b.pair);
  while (tokens.length < size) {
    const top = queue.pop();
    if (top === undefined || top.count < leastOccurrences) break;
    const count = words.count(top.pair);
    if (count !== top.count) {
      // It has been counted down since; where it was counted up, a newer candidate says so.
      if (count < top.count) queue.push({ pair: top.pair, count });
      continue;
    }
    const [left, right] = idsOfPair(top.pair).map((id) => tokens[id] as string) as [string, string];
    merges.push([left, right]);
    const token = left + right;
    // Other merges may have made the same token.
    const id = ids.get(token) ?? tokens.push(token) - 1;
    ids.set(token, id);
    for (const pair of words.merge(top.pair, id)) {
      const made = words.count(pair);
      if (made >= leastOccurrences) queue.push({ pair, count: made });
    }
  }
  return { tokens, merges };
}

/** The pieces as token ids, in one array, and where each pair occurs in them. */
class Words {
  readonly #ids: Int32Array;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  readonly #counts: Float64Array;
  readonly #pairs = new Map<number, { count: number; readonly words: number[] }>();

  constructor(counts: PieceCounts, ids: ReadonlyMap<string, number>) {
    this.#ids = new Int32Array(counts.bytes);
    this.#starts = new Int32Array(counts.size);
    this.#lengths = new Int32Array(counts.size);
    this.#counts = new Float64Array(counts.size);
    let word = 0;
    let at = 0;
    for (const [piece, count] of counts.entries()) {
      const characters = toByteCharacters(piece);
      this.#starts[word] = at;
      this.#lengths[word] = characters.length;
      this.#counts[word] = count;
      for (const character of characters) this.#ids[at++] = ids.get(character) as number;
      for (let place = at - characters.length; place + 1 < at; place++)
        this.#count(pairOf(this.#ids[place] as number, this.#ids[place + 1] as number), word, count);
      word += 1;
    }
  }

  candidates(): Candidate[] {
    return Array.from(this.#pairs, ([pair, { count }]) => ({ pair, count }));
  }

  count(pair: number): number {
    return this.#pairs.get(pair)?.count ?? 0;
  }

  /** Puts one token in the place of each occurrence of a pair, from left to right. @returns the pairs that it has made */
  merge(pair: number, token: number): Set<number> {
    const made = new Set<number>();
    const words = this.#pairs.get(pair)?.words ?? [];
    this.#pairs.delete(pair);
    for (const word of words) this.#mergeIn(word, idsOfPair(pair), token, made);
    return made;
  }

  #mergeIn(word: number, [left, right]: readonly [number, number], token: number, made: Set<number>): void {
    const ids = this.#ids;
    const start = this.#starts[word] as number;
    const end = start + (this.#lengths[word] as number);
    const count = this.#counts[word] as number;
    const change = (from: readonly [number, number], to: readonly [number, number]): void => {
      this.#count(pairOf(...from), word, -count);
      const pair = pairOf(...to);
      this.#count(pair, word, count);
      made.add(pair);
    };
    let write = start;
    for (let read = start; read < end; ) {
      if (ids[read] !== left || read + 1 >= end || ids[read + 1] !== right) {
        ids[write++] = ids[read++] as number;
        continue;
      }
      const before = ids[write - 1] as number;
      const after = ids[read + 2] as number;
      if (write > start) change([before, left], [before, token]);
      if (read + 2 < end) change([right, after], [token, after]);
      ids[write++] = token;
      read += 2;
    }
    this.#lengths[word] = write - start;
  }

  #count(pair: number, word: number, change: number): void {
    const known = this.#pairs.get(pair);
    if (known === undefined) {
      // Only the pair that is being merged is not known while it occurs: "aaa" has it twice.
      if (change > 0) this.#pairs.set(pair, { count: change, words: [word] });
      return;
    }
    known.count += change;
    if (change > 0 && known.words.at(-1) !== word) known.words.push(word);
  }
}
