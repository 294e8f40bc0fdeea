import { specialSymbols, TributaryError } from '@tributary/protocol';

/** The parts of a Hugging Face `tokenizer.json` that this program looks at; the library reads the rest. */
export interface TokenizerDocument {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: Part | null;
  readonly pre_tokenizer: Part | null;
  readonly decoder: Part | null;
  readonly post_processor: Part | null;
  readonly model: Part & { readonly vocab: unknown };
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
}

/** A normalizer, pre-tokenizer, model or decoder: its type, and what it is set to. */
export type Part = Readonly<Record<string, unknown>>;

/** Largest `tokenizer.json`. The largest that are in use have about 35 MiB. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Reads a `tokenizer.json` as far as every kind of it is alike.
 * @param where names the file in errors
 * @throws TributaryError `DATA_INVALID`: too large, not UTF-8, not JSON, or without the parts of a tokenizer
 */
export function readTokenizerDocument(bytes: Uint8Array, where: string): TokenizerDocument {
  const refuse = (what: string, cause?: unknown): TributaryError =>
    new TributaryError(
      'DATA_INVALID',
      `${where} ${what}; give a tokenizer.json as Hugging Face's tokenizers library saves it.`,
      { cause },
    );
  if (bytes.length > mostBytes)
    throw refuse(`has ${(bytes.length / 1024 / 1024).toFixed(0)} MiB, and a tokenizer may have 64`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse('is not JSON in UTF-8', cause);
  }
  if (!isPart(value) || !isPart(value.model)) throw refuse('has no model');
  const { added_tokens: added = [], model } = value;
  if (!Array.isArray(added) || !added.every(isAddedToken)) throw refuse('has added_tokens that are none');
  for (const name of ['normalizer', 'pre_tokenizer', 'decoder', 'post_processor'])
    if (!isPart(value[name] ?? {})) throw refuse(`has a ${name} that is none`);
  const part = (name: string): Part | null => (value[name] ?? null) as Part | null;
  return {
    added_tokens: added,
    normalizer: part('normalizer'),
    pre_tokenizer: part('pre_tokenizer'),
    decoder: part('decoder'),
    post_processor: part('post_processor'),
    model: { ...model, type: typeOf(model), vocab: model.vocab },
  };
}

/** Whether its first ids are those of our special symbols: then its ids are ours. */
export function hasOurSpecials({ added_tokens: added }: TokenizerDocument): boolean {
  return specialSymbols.every((symbol, id) =>
    added.some((token) => token.special === true && token.id === id && token.content === symbol),
  );
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAddedToken(value: unknown): value is AddedToken {
  return isPart(value) && isTokenId(value.id) && typeof value.content === 'string' && value.content !== '';
}

export function isTokenId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 1_000_000;
}

/** Early files do not name their model. */
function typeOf({ type, merges, vocab }: Part): string {
  if (typeof type === 'string') return type;
  if (Array.isArray(merges)) return 'BPE';
  return Array.isArray(vocab) ? 'Unigram' : 'WordPiece';
}
