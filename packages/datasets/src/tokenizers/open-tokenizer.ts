import { TributaryError } from '@tributary/protocol';
import { byteAlphabet } from './byte-characters.js';
import { bytePairDocument } from './byte-pair-document.js';
import { bytePairTokenizer } from './byte-pair-tokenizer.js';
import { libraryTokenizer } from './library-tokenizer.js';
import type { PieceCounts } from './piece-counts.js';
import type { Tokenizer } from './tokenizer.js';
import { readTokenizerDocument } from './tokenizer-document.js';
import { trainMerges } from './train-merges.js';

/**
 * The tokenizer of a Hugging Face `tokenizer.json`. Where its first ids are those of our four special symbols, its ids are ours; else they
 * stand behind those four.
 * @param where names the file in errors
 * @throws TributaryError `DATA_INVALID` for what is no tokenizer
 */
export function openTokenizer(bytes: Uint8Array, where: string): Tokenizer {
  const document = readTokenizerDocument(bytes, where);
  const tokenizer = bytePairTokenizer(document) ?? libraryTokenizer(document, where);
  if (tokenizer.vocabulary.length > 1_000_000)
    throw new TributaryError('DATA_INVALID', `${where} has more than a million tokens; take a smaller one.`);
  return tokenizer;
}

/** The `tokenizer.json` in which every byte is a symbol. */
export function bytesDocument(): Uint8Array {
  return bytePairDocument({ tokens: byteAlphabet, merges: [] });
}

/**
 * The `tokenizer.json` of byte pairs learned from counted text.
 * @param size symbols, the 4 special ones and the 256 bytes included; fewer where no pair occurs twice any more
 */
export function trainedDocument(counts: PieceCounts, size: number): Uint8Array {
  return bytePairDocument(trainMerges(counts, size - 4));
}
