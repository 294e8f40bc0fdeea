import { specialIds, specialSymbols } from '@tributary/protocol';
import { byteCharacters, bytesOfToken, readableBytes } from './byte-characters.js';
import { type Merge, type Merges, mergePairs } from './merge-pairs.js';
import { preTokenize } from './pre-tokenize.js';
import { pairOf } from './token-pairs.js';
import type { Tokenizer } from './tokenizer.js';
import { hasOurSpecials, isTokenId, type Part, type TokenizerDocument } from './tokenizer-document.js';

/** Pieces whose ids are remembered. */
const mostRemembered = 50_000;
/** Longer pieces are encoded anew each time. */
const longestRemembered = 64;

/**
 * The tokenizer of a document whose only steps are GPT-2's: pieces, bytes, byte pairs. Any text without lone surrogates comes back as it
 * was. Null: the document asks for other steps.
 */
export function bytePairTokenizer(document: TokenizerDocument): Tokenizer | null {
  if (!isPlain(document)) return null;
  const ids = tokenIds(document.model.vocab);
  const pairs = ids && mergesOf(document.model.merges, ids);
  if (!ids || !pairs || !byteCharacters.every((character) => ids.has(character))) return null;
  return new BytePairTokenizer(document, ids, pairs);
}

class BytePairTokenizer implements Tokenizer {
  readonly vocabulary: readonly string[];
  /** Ids of the document plus this are ours. */
  readonly #offset: number;
  readonly #merges: Merges;
  readonly #byteIds: readonly number[];
  /** By our id; none of special tokens. */
  readonly #bytes: readonly (Uint8Array | undefined)[];
  readonly #remembered = new Map<string, readonly number[]>();

  constructor(document: TokenizerDocument, ids: ReadonlyMap<string, number>, merges: Merges) {
    this.#offset = hasOurSpecials(document) ? 0 : specialSymbols.length;
    this.#merges = merges;
    this.#byteIds = byteCharacters.map((character) => ids.get(character) as number);
    const names: string[] = [...specialSymbols];
    const bytes: Uint8Array[] = [];
    const special = new Set(document.added_tokens.map(({ content }) => content));
    for (const { id, content } of document.added_tokens) names[id + this.#offset] = content;
    for (const [token, id] of ids) {
      if (special.has(token)) continue;
      const of = bytesOfToken(token);
      names[id + this.#offset] = of === null ? token : readableBytes(of);
      if (of !== null) bytes[id + this.#offset] = of;
    }
    this.#bytes = bytes;
    this.vocabulary = Array.from(names, (name, id) => name ?? `<unused ${id}>`);
  }

  encode(text: string): number[] {
    return preTokenize(text).flatMap((piece) => this.#encodePiece(piece));
  }

  decode(ids: readonly number[]): string {
    let text = '';
    let bytes: number[] = [];
    const flush = (): void => {
      // Not of all ids at once: a model may put out half a character before an unknown symbol.
      text += new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
      bytes = [];
    };
    for (const id of ids) {
      if (id === specialIds.unknown) {
        flush();
        text += specialSymbols[specialIds.unknown];
      } else for (const byte of this.#bytes[id] ?? []) bytes.push(byte);
    }
    flush();
    return text;
  }

  #encodePiece(piece: string): readonly number[] {
    const known = this.#remembered.get(piece);
    if (known !== undefined) return known;
    const bytes = Array.from(Buffer.from(piece, 'utf8'), (byte) => this.#byteIds[byte] as number);
    const ids = mergePairs(bytes, this.#merges).map((id) => id + this.#offset);
    if (piece.length > longestRemembered) return ids;
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
    this.#remembered.set(piece, ids);
    return ids;
  }
}

function isPlain({ added_tokens: added, normalizer, pre_tokenizer: cut, decoder, model }: TokenizerDocument): boolean {
  const unset = (name: string): boolean => !model[name];
  return (
    model.type === 'BPE' &&
    ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback', 'ignore_merges'].every(unset) &&
    normalizer === null &&
    cut?.type === 'ByteLevel' &&
    cut.add_prefix_space === false &&
    cut.use_regex !== false &&
    decoder?.type === 'ByteLevel' &&
    added.every(({ special }) => special === true)
  );
}

/** Null: not ids by token, each once. */
function tokenIds(vocab: unknown): Map<string, number> | null {
  if (typeof vocab !== 'object' || vocab === null) return null;
  const ids = new Map<string, number>();
  for (const [token, id] of Object.entries(vocab as Part)) {
    if (!isTokenId(id)) return null;
    ids.set(token, id);
  }
  return new Set(ids.values()).size === ids.size ? ids : null;
}

/** Null: not pairs of known tokens that make a known one. */
function mergesOf(merges: unknown, ids: ReadonlyMap<string, number>): Merges | null {
  if (!Array.isArray(merges)) return null;
  const found = new Map<number, Merge>();
  for (const [rank, merge] of merges.entries()) {
    const [left, right, more] = typeof merge === 'string' ? merge.split(' ') : (merge as unknown[]);
    if (typeof left !== 'string' || typeof right !== 'string' || more !== undefined) return null;
    const [leftId, rightId, token] = [left, right, left + right].map((part) => ids.get(part));
    if (leftId === undefined || rightId === undefined || token === undefined) return null;
    found.set(pairOf(leftId, rightId), { rank, token });
  }
  return found;
}
