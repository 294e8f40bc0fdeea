import { specialIds, TributaryError } from '@tributary/protocol';
import { reservedSymbols, symbolIds, type TokenSplit, textToSymbols } from './symbols.js';
import { openTokenizer } from './tokenizers/open-tokenizer.js';
import type { Tokenizer } from './tokenizers/tokenizer.js';

/** How one side of a task is text, as a prepared run has it. */
export interface TextSide {
  readonly vocabulary: readonly string[];
  readonly split: TokenSplit | 'tokenizer';
  /** Stands between symbols that were cut at characters or white space. */
  readonly join: string;
  /** The `tokenizer.json` of a side that has a tokenizer. */
  readonly document?: Uint8Array | undefined;
}

/** A side's way from text to ids and back: {@link encodeText}, {@link decodeIds}. */
export interface TextCodec {
  readonly vocabulary: readonly string[];
  /** What the text consists of, for errors. */
  readonly noun: 'character' | 'symbol';
  /** @throws TributaryError `DATA_INVALID` for symbols that the side does not have */
  encode(text: string, shown: string): EncodedText;
  /** @param ids no special ones but `<unk>` */
  decode(ids: readonly number[]): string;
}

export interface EncodedText {
  readonly ids: Int32Array;
  /** Whitespace tokens that the vocabulary lacks and that were read as `<unk>`, each once. */
  readonly unknown: readonly string[];
}

/** @throws TributaryError `DATA_INVALID` for a document that is no tokenizer */
export function textCodec({ vocabulary, split, join, document }: TextSide): TextCodec {
  if (split !== 'tokenizer') return new SymbolCodec(vocabulary, split, join);
  if (document === undefined)
    throw new TributaryError(
      'DATA_INVALID',
      'The prepared run lacks its tokenizer; launch it again to prepare it anew.',
    );
  return new TokenizerCodec(openTokenizer(document, 'The stored tokenizer'));
}

/**
 * Encodes one source. Where text is cut at characters, an unknown one is an error, since a vocabulary of characters is closed; an unknown
 * whitespace token is read as `<unk>` and reported, unless all are unknown; a tokenizer knows all text, or reads it as `<unk>`.
 * @param longest the longest source in symbols (run file: `lengths.source`)
 * @throws TributaryError `DATA_INVALID` for an empty text, one too long, half of a surrogate pair, a reserved symbol, or unknown symbols as
 *   above
 */
export function encodeText(codec: TextCodec, text: string, longest?: number): EncodedText {
  const refuse = (what: string): TributaryError => new TributaryError('DATA_INVALID', `The source ${shown} ${what}.`);
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  if (text.trim() === '') throw refuse(`is empty: give at least one ${codec.noun}`);
  if (/\p{Surrogate}/u.test(text)) throw refuse('holds half of a surrogate pair (\\ud800 to \\udfff): mend it');
  const encoded = codec.encode(text, shown);
  const { length } = encoded.ids;
  if (length === 0) throw refuse('has no symbols for this tokenizer: give other text');
  if (longest !== undefined && length > longest)
    throw refuse(`has ${length} ${codec.noun}s, more than the run's lengths.source of ${longest}: shorten it`);
  return encoded;
}

/**
 * Ids to text: stops at `</s>`, leaves out `<pad>` and `<s>`, writes `<unk>` for the unknown symbol.
 * @throws RangeError for an id that is not in the vocabulary
 */
export function decodeIds(codec: TextCodec, ids: ArrayLike<number>): string {
  const symbols: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if (id === specialIds.end) break;
    if (id === specialIds.pad || id === specialIds.start) continue;
    if (codec.vocabulary[id] === undefined)
      throw new RangeError(`id ${id} is not in a vocabulary of ${codec.vocabulary.length} symbols`);
    symbols.push(id);
  }
  return codec.decode(symbols);
}

class TokenizerCodec implements TextCodec {
  readonly vocabulary: readonly string[];
  readonly noun = 'symbol';
  readonly #tokenizer: Tokenizer;

  constructor(tokenizer: Tokenizer) {
    this.vocabulary = tokenizer.vocabulary;
    this.#tokenizer = tokenizer;
  }

  encode(text: string): EncodedText {
    return { ids: Int32Array.from(this.#tokenizer.encode(text)), unknown: [] };
  }

  decode(ids: readonly number[]): string {
    return this.#tokenizer.decode(ids);
  }
}

class SymbolCodec implements TextCodec {
  readonly vocabulary: readonly string[];
  readonly noun: TextCodec['noun'];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #split: TokenSplit;
  readonly #join: string;

  constructor(vocabulary: readonly string[], split: TokenSplit, join: string) {
    this.vocabulary = vocabulary;
    this.noun = split === 'characters' ? 'character' : 'symbol';
    this.#ids = symbolIds(vocabulary);
    this.#split = split;
    this.#join = join;
  }

  encode(text: string, shown: string): EncodedText {
    const symbols = textToSymbols(text, this.#split);
    const different = new Set(symbols);
    const unknown = [...different].filter((symbol) => !this.#ids.has(symbol) || reservedSymbols.has(symbol));
    const reserved = unknown.find((symbol) => reservedSymbols.has(symbol));
    if (reserved !== undefined)
      throw new TributaryError(
        'DATA_INVALID',
        `The source ${shown} holds the reserved symbol ${reserved}: leave it out.`,
      );
    if (unknown.length > 0 && (this.#split === 'characters' || unknown.length === different.size))
      throw new TributaryError(
        'DATA_INVALID',
        `The source ${shown} holds ${this.noun}s that the training data did not have: ${listed(unknown)}.${this.#hint(unknown)}`,
      );
    return { ids: Int32Array.from(symbols, (symbol) => this.#ids.get(symbol) ?? specialIds.unknown), unknown };
  }

  decode(ids: readonly number[]): string {
    return ids.map((id) => this.vocabulary[id]).join(this.#join);
  }

  /** What differs from a known symbol by case alone. */
  #hint(unknown: readonly string[]): string {
    const swapped = unknown
      .map((symbol) =>
        [symbol.toLowerCase(), symbol.toUpperCase()].find((other) => other !== symbol && this.#ids.has(other)),
      )
      .filter((symbol) => symbol !== undefined);
    return swapped.length > 0 ? ` Did you mean ${swapped.slice(0, 5).map(quoted).join(', ')}?` : '';
  }
}

function quoted(symbol: string): string {
  return JSON.stringify(symbol);
}

function listed(symbols: readonly string[]): string {
  const shown = symbols.slice(0, 10).map(quoted).join(', ');
  return symbols.length > 10 ? `${shown} and ${symbols.length - 10} more` : shown;
}
