import type { RawSequence } from './frame-sequence.js';
import type { SplitName } from './hashed-split.js';

/** One source and target, before vocabularies exist. */
export interface RawPair {
  readonly source: RawSequence;
  readonly target: RawSequence;
  /** Where it came from, for errors: `pairs.jsonl line 12`, `word "abbey"`. */
  readonly origin: string;
  /** Null: by the hash of the group, or of the source where there is none. */
  readonly split: SplitName | null;
  /** All pairs of a group lie in one split, in every task of a run. */
  readonly group?: string | null;
}

/** A pair whose text a tokenizer has still to cut: a side that is a string. */
export interface UncutPair extends Omit<RawPair, 'source' | 'target'> {
  readonly source: RawSequence | string;
  readonly target: RawSequence | string;
}

/** One source and all its references. */
export interface RawExample {
  readonly source: RawSequence;
  readonly targets: RawSequence[];
}
