import { specialIds } from '@tributary/protocol';
import { type Hypothesis, noHypothesis, stepsOf } from './hypothesis.js';
import { largest } from './largest.js';
import type { Continuation, Found, Search } from './search.js';
import { type RowScores, symbolScores } from './symbol-scores.js';

export interface BeamOptions {
  /** Hypotheses that are followed. */
  readonly width: number;
  readonly lengthPenalty: number;
  readonly maxLength: number;
  readonly nBest: number;
  readonly repetitionPenalty: number;
}

/** GNMT's length penalty (Wu et al. 2016): ((5 + length) / 6)^alpha. */
export const lengthPenaltyOf = (length: number, alpha: number): number => ((5 + length) / 6) ** alpha;

interface Candidate {
  readonly row: number;
  readonly hypothesis: Hypothesis;
}

/**
 * Beam search. At each step every followed hypothesis is continued with every symbol. Of the continuations that end, those
 * among the best `width` of all are kept as outputs; of the others the best `width` are followed. It is done once it has
 * `width` outputs; what is followed at `maxLength` is an output too, cut there. Equal weights go by row, then by symbol.
 *
 * A beam of 1 is greedy: whatever it chooses is the only continuation, and it is done at the first `</s>` that is most likely.
 */
export function beamSearch(options: BeamOptions): Search {
  const { width, lengthPenalty, maxLength, nBest, repetitionPenalty } = options;
  let followed: Hypothesis[] = [noHypothesis(specialIds.start)];
  const outputs: Found[] = [];
  const keep = (hypothesis: Hypothesis): void => {
    outputs.push({ hypothesis, score: hypothesis.weight / lengthPenaltyOf(hypothesis.length, lengthPenalty) });
  };

  /** The best continuations of all: as many as leave `width` that do not end, whichever end. */
  const continuations = (scores: readonly RowScores[]): Candidate[] =>
    followed
      .flatMap((before, row) => {
        const own = scores[row] as RowScores;
        const generated = repetitionPenalty === 1 ? [] : stepsOf(before).map(({ symbol }) => symbol);
        const { logits, logNormaliser } = symbolScores(own, generated, repetitionPenalty);
        return largest(logits, width + 1).map((symbol): Candidate => {
          const logProbability = before.logProbability + (own.logits[symbol] as number) - own.logNormaliser;
          const weight = before.weight + (logits[symbol] as number) - logNormaliser;
          const { length } = before;
          const { attention } = own;
          return { row, hypothesis: { before, symbol, length: length + 1, logProbability, weight, attention } };
        });
      })
      .sort(
        (a, b) =>
          b.hypothesis.weight - a.hypothesis.weight || a.row - b.row || a.hypothesis.symbol - b.hypothesis.symbol,
      );

  return {
    rows: width,
    advance(scores) {
      const candidates = continuations(scores);
      const length = (followed[0] as Hypothesis).length + 1;
      const ends = ({ hypothesis }: Candidate): boolean => hypothesis.symbol === specialIds.end;
      for (const ended of candidates.slice(0, width).filter(ends)) keep(ended.hypothesis);
      const next = candidates.filter((candidate) => !ends(candidate)).slice(0, width);
      if (outputs.length >= width || next.length === 0) return null;
      if (length === maxLength) {
        for (const { hypothesis } of next) keep(hypothesis);
        return null;
      }
      followed = next.map(({ hypothesis }) => hypothesis);
      const rows = next.map(({ row, hypothesis }): Continuation => ({ from: row, symbol: hypothesis.symbol }));
      // Rows without a hypothesis do what the first does.
      return Array.from({ length: width }, (_, row) => rows[row] ?? (rows[0] as Continuation));
    },
    found: () => outputs.toSorted((a, b) => b.score - a.score).slice(0, nBest),
  };
}
