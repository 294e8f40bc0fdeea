import { specialIds, specialSymbols, TributaryError } from '@tributary/protocol';

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

/** Joins symbols into text: with '' for characters, ' ' for whitespace tokens. */
export function symbolsToText(symbols: readonly string[], join: string): string {
  return symbols.join(join);
}

/** What stands between symbols that were cut in this way. */
export function joinOf(split: TokenSplit): string {
  return split === 'characters' ? '' : ' ';
}

/** Ids to text: stops at `</s>`, leaves out `<pad>` and `<s>`, writes `<unk>` for the unknown symbol. */
export function idsToText(ids: ArrayLike<number>, vocabulary: readonly string[], join: string): string {
  const symbols: string[] = [];
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if (id === specialIds.end) break;
    if (id === specialIds.pad || id === specialIds.start) continue;
    const symbol = vocabulary[id];
    if (symbol === undefined) throw new RangeError(`id ${id} is not in a vocabulary of ${vocabulary.length} symbols`);
    symbols.push(symbol);
  }
  return symbolsToText(symbols, join);
}

/** Id of each symbol. `<unk>` in text stands for the unknown symbol. */
export function symbolIds(vocabulary: readonly string[]): ReadonlyMap<string, number> {
  return new Map(vocabulary.map((symbol, id) => [symbol, id]));
}

/** Symbols that text may not hold, since they would end or pad a sequence. */
export const reservedSymbols: ReadonlySet<string> = new Set(
  specialSymbols.filter((_, id) => id !== specialIds.unknown),
);

export interface EncodeTextOptions {
  readonly vocabulary: readonly string[];
  readonly split: TokenSplit;
  readonly text: string;
  /** Longest source in symbols (run file: `lengths.source`). */
  readonly longest?: number;
}

export interface EncodedText {
  readonly ids: Int32Array;
  /** Whitespace tokens that the vocabulary lacks and that were read as `<unk>`, each once. */
  readonly unknown: readonly string[];
}

/**
 * Encodes one source for generation.
 *
 * An unknown character is an error, since a vocabulary of characters is closed; an unknown whitespace token is read as
 * `<unk>` and reported, unless all are unknown.
 * @throws TributaryError `DATA_INVALID` for an empty text, one too long, a reserved symbol, or unknown symbols as above.
 */
export function encodeText(options: EncodeTextOptions): EncodedText {
  const { vocabulary, split, text, longest } = options;
  const symbols = text.trim() === '' ? [] : textToSymbols(text, split);
  const noun = split === 'characters' ? 'character' : 'symbol';
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  if (symbols.length === 0)
    throw new TributaryError('DATA_INVALID', `The source ${shown} is empty: give at least one ${noun}.`);
  if (longest !== undefined && symbols.length > longest)
    throw new TributaryError(
      'DATA_INVALID',
      `The source ${shown} has ${symbols.length} ${noun}s, more than the run's lengths.source of ${longest}: shorten it.`,
    );
  const ids = symbolIds(vocabulary);
  const unknown = [...new Set(symbols.filter((symbol) => !ids.has(symbol) || reservedSymbols.has(symbol)))];
  const reserved = unknown.find((symbol) => reservedSymbols.has(symbol));
  if (reserved !== undefined)
    throw new TributaryError(
      'DATA_INVALID',
      `The source ${shown} holds the reserved symbol ${reserved}: leave it out.`,
    );
  if (unknown.length > 0 && (split === 'characters' || unknown.length === new Set(symbols).size)) {
    const swapped = unknown
      .map((symbol) => [symbol.toLowerCase(), symbol.toUpperCase()].find((other) => other !== symbol && ids.has(other)))
      .filter((symbol) => symbol !== undefined);
    const hint = swapped.length > 0 ? ` Did you mean ${swapped.slice(0, 5).map(quoted).join(', ')}?` : '';
    throw new TributaryError(
      'DATA_INVALID',
      `The source ${shown} holds ${noun}s that the training data did not have: ${listed(unknown)}.${hint}`,
    );
  }
  return { ids: Int32Array.from(symbols, (symbol) => ids.get(symbol) ?? specialIds.unknown), unknown };
}

function quoted(symbol: string): string {
  return JSON.stringify(symbol);
}

function listed(symbols: readonly string[]): string {
  const shown = symbols.slice(0, 10).map(quoted).join(', ');
  return symbols.length > 10 ? `${shown} and ${symbols.length - 10} more` : shown;
}
