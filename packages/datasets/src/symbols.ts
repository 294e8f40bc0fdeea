import { specialIds, specialSymbols } from '@tributary/protocol';

/** How text is cut into symbols (run file: `tokens`). */
export type TokenSplit = 'characters' | 'whitespace';

/**
 * Cuts text into symbols. `characters` are Unicode code points: graphemes would depend on the ICU version of the Node that
 * prepared the data. `whitespace` cuts at runs of white space. Text is not normalised (NFC or otherwise).
 */
export function textToSymbols(text: string, split: TokenSplit): string[] {
  if (split === 'characters') return Array.from(text);
  return text.split(/\s+/u).filter((symbol) => symbol !== '');
}

/** What stands between symbols that were cut in this way. */
export function joinOf(split: TokenSplit): string {
  return split === 'characters' ? '' : ' ';
}

/** Id of each symbol. `<unk>` in text stands for the unknown symbol. */
export function symbolIds(vocabulary: readonly string[]): ReadonlyMap<string, number> {
  return new Map(vocabulary.map((symbol, id) => [symbol, id]));
}

/** Symbols that text may not hold, since they would end or pad a sequence. */
export const reservedSymbols: ReadonlySet<string> = new Set(
  specialSymbols.filter((_, id) => id !== specialIds.unknown),
);
