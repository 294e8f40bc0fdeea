import { createHash } from 'node:crypto';
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
  readonly spacedRandomSha256: readonly string[];
  readonly others: Readonly<Record<'wordpiece' | 'unigram' | 'spaced', OtherTokenizer>>;
};

/** The digests of ids of random texts, as reference.fixture.py takes them. */
export function randomDigests(encodings: readonly (readonly number[])[]): string[] {
  return Array.from({ length: Math.ceil(encodings.length / 100) }, (_, index) => {
    const lines = encodings.slice(100 * index, 100 * index + 100).map((ids) => ids.join(' '));
    return createHash('sha256').update(lines.join('\n')).digest('hex');
  });
}
