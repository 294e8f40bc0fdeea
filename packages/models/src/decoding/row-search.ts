import { type SearchOptions, specialIds } from '@tributary/protocol';
import { randomStream } from '@tributary/random';
import { type Hypothesis, noHypothesis, stepsOf } from './hypothesis.js';
import { largest } from './largest.js';
import { draw, samplingDistribution } from './sampling.js';
import type { DecodingOptions, Search } from './search.js';
import { symbolScores } from './symbol-scores.js';

type RowOptions = Exclude<SearchOptions, { readonly kind: 'beam' }>;

/** How a row chooses its next symbol. @param logits -Infinity at what may not be chosen; undefined: none may */
type Choose = (logits: Float32Array) => number | undefined;

/** Chooses symbol by symbol, in each row by itself: the most likely, or one drawn. */
export function rowSearch(
  { maxLength, nBest, repetitionPenalty }: DecodingOptions,
  search: RowOptions,
  source: number,
): Search {
  const rows = Array.from({ length: nBest }, (_, row): { last: Hypothesis; done: boolean; choose: Choose } => ({
    last: noHypothesis(specialIds.start),
    done: false,
    choose: chooser(search, source, row),
  }));
  return {
    rows: nBest,
    advance(scores) {
      for (const [index, row] of rows.entries()) {
        const own = scores[index];
        if (row.done || own === undefined) continue;
        const before = row.last;
        const generated = repetitionPenalty === 1 ? [] : stepsOf(before).map(({ symbol }) => symbol);
        const symbol = row.choose(symbolScores(own, generated, repetitionPenalty).logits);
        if (symbol === undefined) {
          row.done = true;
          continue;
        }
        const logProbability = before.logProbability + (own.logits[symbol] as number) - own.logNormaliser;
        const length = before.length + 1;
        row.last = { before, symbol, length, logProbability, weight: logProbability, attention: own.attention };
        row.done = symbol === specialIds.end || length === maxLength;
      }
      if (rows.every(({ done }) => done)) return null;
      return rows.map(({ last }, from) => ({ from, symbol: last.symbol }));
    },
    found: () => rows.map(({ last }) => ({ hypothesis: last, score: last.logProbability })),
  };
}

function chooser(search: RowOptions, source: number, row: number): Choose {
  if (search.kind === 'greedy') return (logits) => largest(logits, 1)[0];
  // Its draws depend on nothing else: neither on the other sources nor on when it is computed.
  const stream = randomStream(search.seed, 'generate', source, row);
  return (logits) => draw(samplingDistribution(logits, search), stream.uniform());
}
