import { readFileSync } from 'node:fs';

interface EncodedCase {
  readonly text: string;
  readonly ids: readonly number[];
  readonly decoded: string;
}

/** Another kind of tokenizer: its `tokenizer.json`, and what it makes of some texts. */
export interface OtherTokenizer {
  readonly document: Readonly<Record<string, unknown>>;
  readonly cases: readonly EncodedCase[];
}

/** What reference.fixture.py has written. */
export const reference = JSON.parse(readFileSync(new URL('./reference.fixture.json', import.meta.url), 'utf8')) as {
  readonly merges: readonly (readonly [string, string])[];
  readonly vocabularySha256: string;
  /** Of the ids of 100 random texts each. */
  readonly randomSha256: readonly string[];
  readonly others: Readonly<Record<'wordpiece' | 'unigram' | 'split', OtherTokenizer>>;
};
