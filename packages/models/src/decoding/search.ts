import type { SearchOptions } from '@tributary/protocol';
import type { Hypothesis } from './hypothesis.js';
import type { RowScores } from './symbol-scores.js';

/** What a row of a search is fed next. */
export interface Continuation {
  /** The row, among those of the search, whose state it goes on from. */
  readonly from: number;
  readonly symbol: number;
}

/** An output, and by what it is ranked. */
export interface Found {
  readonly hypothesis: Hypothesis;
  readonly score: number;
}

/** Looks for the outputs of one source. Knows nothing of tensors, nor of what shares its batch. */
export interface Search {
  /** Rows of the batch that it takes. All begin with `<s>`. */
  readonly rows: number;
  /** @param scores of each of its rows. @returns how each goes on; null: it has found its outputs */
  advance(scores: readonly RowScores[]): readonly Continuation[] | null;
  /** Best first, or in the order of drawing. */
  found(): readonly Found[];
}

/** Options with every length decided. */
export interface DecodingOptions {
  readonly search: SearchOptions;
  readonly maxLength: number;
  readonly nBest: number;
  readonly repetitionPenalty: number;
  readonly attention: boolean;
}
