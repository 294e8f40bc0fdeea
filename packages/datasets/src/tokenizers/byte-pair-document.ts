import { specialSymbols } from '@tributary/protocol';

/** What a byte-level byte-pair tokenizer is made of. */
export interface BytePairs {
  /** Byte-level tokens by id. */
  readonly tokens: readonly string[];
  /** Pairs of tokens, first the one that is merged first. */
  readonly merges: readonly (readonly [left: string, right: string])[];
}

/**
 * A tokenizer of our own as a Hugging Face `tokenizer.json`: byte-level BPE under our four special symbols, ids 0 to 3. Equal parts give
 * equal bytes.
 */
export function bytePairDocument({ tokens, merges }: BytePairs): Uint8Array {
  const byteLevel = (addPrefixSpace: boolean) => ({
    type: 'ByteLevel',
    add_prefix_space: addPrefixSpace,
    trim_offsets: true,
    use_regex: true,
  });
  const document = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialSymbols.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel(false),
    post_processor: null,
    decoder: byteLevel(true),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...specialSymbols, ...tokens].map((token, id) => [token, id])),
      merges: merges.map((pair) => pair.join(' ')),
    },
  };
  return new TextEncoder().encode(`${JSON.stringify(document, null, 1)}\n`);
}
