import type { SplitName } from './hashed-split.js';

/** One source and target as symbols, before vocabularies exist. */
export interface RawPair {
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** Where it came from, for errors: `pairs.jsonl line 12`, `word "abbey"`. */
  readonly origin: string;
  /** Null: by the hash of the source. */
  readonly split: SplitName | null;
}

/** One source and all its references. */
export interface RawExample {
  readonly source: readonly string[];
  readonly targets: (readonly string[])[];
}
