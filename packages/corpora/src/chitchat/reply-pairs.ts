import type { CorpusPair, PairedCorpus } from '../corpus-pair.js';
import { isPlainText, wordsOf } from '../words.js';
import type { Conversation } from './conversation.js';
import { hasPersonalData } from './personal-data.js';
import { profanityFilter } from './profanity.js';

/** Most words of a turn, and of the reply to it. */
export const longestTurn = 15;
export const longestReply = 12;

/** What was done, a sentence each, for `corpus.json`. */
export const chitchatFilters = [
  `a turn of at most ${longestTurn} words and the next one of at most ${longestReply}; turns without a word are left out before`,
  'no pair with an e-mail address, an internet address, a handle or seven digits and more; names are not looked for',
  'no pair with English profanity by the word list of the npm package obscenity 0.4.6, doubled and replaced letters included',
  'split by conversation',
] as const;

/** Pairs of neighbouring turns of one conversation. */
export function chitchatPairs(conversations: readonly Conversation[]): PairedCorpus {
  const isProfane = profanityFilter();
  const counts = { conversations: conversations.length, neighbouringTurns: 0, shortPairs: 0 };
  const leftOut = { personalData: 0, profanity: 0, reservedSymbols: 0 };
  const found: CorpusPair[] = [];
  for (const { id, turns } of conversations) {
    for (const [index, target] of turns.entries()) {
      const source = turns[index - 1];
      if (source === undefined) continue;
      counts.neighbouringTurns += 1;
      if (wordsOf(source).length > longestTurn || wordsOf(target).length > longestReply) continue;
      counts.shortPairs += 1;
      const both = [source, target];
      if (both.some(hasPersonalData)) leftOut.personalData += 1;
      else if (both.some(isProfane)) leftOut.profanity += 1;
      else if (!both.every(isPlainText)) leftOut.reservedSymbols += 1;
      else found.push({ source, target, group: id });
    }
  }
  return { pairs: { reply: found }, counts: { ...counts, ...leftOut } };
}
