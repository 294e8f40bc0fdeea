import { Tokenizer as Library } from '@huggingface/tokenizers';
import { specialIds, specialSymbols, TributaryError } from '@tributary/protocol';
import { piecePattern } from './pre-tokenize.js';
import type { Tokenizer } from './tokenizer.js';
import { hasOurSpecials, isTokenId, type TokenizerDocument } from './tokenizer-document.js';

/** What is used of the library's tokenizer: its own types leave out file endings, so that they do not resolve here. */
interface LibraryModel {
  readonly pre_tokenizer: LibraryCut | null;
  readonly model: { readonly unk_token_id?: number };
  /** An id is missing where the vocabulary lacks a token. */
  encode(text: string, options: object): { readonly ids: readonly (number | undefined)[] };
  decode(ids: readonly number[], options: object): string;
  get_vocab(): ReadonlyMap<string, number>;
}

interface LibraryCut {
  /** A byte-level one has it. */
  readonly byte_encoder?: object;
  pattern?: RegExp;
  /** The parts of a sequence. */
  readonly tokenizers?: readonly (LibraryCut | null)[];
}

/**
 * Any other tokenizer, by Hugging Face's library for JavaScript: with the document's normalizer, so that decoded text may differ from what
 * was encoded. Its special tokens are never read out of text, and its post-processor, which would add some, is left out.
 * @param where names the file in errors
 * @throws TributaryError `DATA_INVALID` for what the library does not read
 */
export function libraryTokenizer(document: TokenizerDocument, where: string): Tokenizer {
  const refuse = (what: string, cause?: unknown): TributaryError =>
    new TributaryError(
      'DATA_INVALID',
      `${where} cannot be used as a tokenizer (${what}); byte-pair, WordPiece and Unigram tokenizers can.`,
      { cause },
    );
  const { type } = document.model;
  if (type !== 'BPE' && type !== 'WordPiece' && type !== 'Unigram') throw refuse(`its model is ${String(type)}`);
  // A Unigram vocabulary is a list; ids of the others are given, and the library makes room for each.
  if (type !== 'Unigram' && !Object.values(document.model.vocab ?? {}).every(isTokenId))
    throw refuse('an id of its vocabulary is not a whole number from 0 to 999999');
  try {
    return new LibraryTokenizer(document);
  } catch (cause) {
    throw refuse((cause as Error).message, cause);
  }
}

class LibraryTokenizer implements Tokenizer {
  readonly vocabulary: readonly string[];
  readonly #library: LibraryModel;
  readonly #offset: number;
  /** Ids of the document, special tokens that its model alone does not know included. */
  readonly #special: ReadonlySet<number>;
  readonly #unknown: number | undefined;

  constructor(document: TokenizerDocument) {
    const added = document.added_tokens;
    const plain = added.filter(({ special }) => special !== true);
    this.#library = new Library({ ...document, added_tokens: plain, post_processor: null }, {});
    cutLikeReference(this.#library.pre_tokenizer);
    this.#offset = hasOurSpecials(document) ? 0 : specialSymbols.length;
    const names: string[] = [...specialSymbols];
    for (const [token, id] of this.#library.get_vocab()) names[id + this.#offset] = token;
    for (const { id, content } of added) names[id + this.#offset] = content;
    this.vocabulary = Array.from(names, (name, id) => name ?? `<unused ${id}>`);
    this.#unknown = this.#library.model.unk_token_id;
    const special = added.filter((token) => token.special === true && token.id !== this.#unknown);
    this.#special = new Set(special.map(({ id }) => id));
    // What is wrong with a document shows at its first use.
    this.decode(this.encode('a'));
  }

  encode(text: string): number[] {
    const { ids } = this.#library.encode(text, { add_special_tokens: false });
    return ids.map((id) => (this.#isSymbol(id) ? id + this.#offset : specialIds.unknown));
  }

  decode(ids: readonly number[]): string {
    const theirs = ids
      .map((id) => (id === specialIds.unknown ? this.#unknown : id - this.#offset))
      .filter((id) => id !== undefined && !this.#special.has(id)) as number[];
    if (theirs.length === 0) return '';
    return this.#library.decode(theirs, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  }

  #isSymbol(id: number | undefined): id is number {
    return id !== undefined && id !== this.#unknown && !this.#special.has(id);
  }
}

/** The library's own pattern follows Node's version of Unicode, and JavaScript's notion of white space. */
function cutLikeReference(cut: LibraryCut | null): void {
  if (cut?.byte_encoder !== undefined) cut.pattern = piecePattern;
  for (const part of cut?.tokenizers ?? []) cutLikeReference(part);
}
