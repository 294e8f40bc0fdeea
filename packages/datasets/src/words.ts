import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RawSequence } from './frame-sequence.js';
import { hashedSplit, type SplitName, type SplitShares } from './hashed-split.js';
import { articulation } from './phone-features.js';
import type { RawPair } from './raw-pair.js';

const packageName = 'cmu-pronouncing-dictionary';

/** A word of a-z and its listed pronunciations, with stress digits, in the dictionary's order. */
export interface Word {
  readonly word: string;
  readonly pronunciations: readonly (readonly string[])[];
}

/**
 * The CMU Pronouncing Dictionary, cleaned: marks of alternates (`(2)`) and comments (` # …`) are stripped, only words of
 * a-z are kept. 117,490 words. Loaded only when asked for: it is 4.7 MB of source text.
 */
export async function loadWords(): Promise<Word[]> {
  const { dictionary } = await import('cmu-pronouncing-dictionary');
  const words = new Map<string, string[][]>();
  for (const [entry, value] of Object.entries(dictionary)) {
    const word = entry.replace(/\(\d+\)$/, '');
    if (!/^[a-z]+$/.test(word)) continue;
    const phones = value.replace(/ #.*$/, '').trim().split(/\s+/);
    const listed = words.get(word);
    if (listed === undefined) words.set(word, [phones]);
    else listed.push(phones);
  }
  return [...words].map(([word, pronunciations]) => ({ word, pronunciations }));
}

/** Version and SHA-256 of the dictionary in use, for lineage. */
export async function wordsSource(): Promise<{ readonly name: string; readonly version: string }> {
  const entry = createRequire(import.meta.url).resolve(packageName);
  const manifest = JSON.parse(await readFile(join(dirname(entry), 'package.json'), 'utf8')) as { version: string };
  const sha256 = createHash('sha256')
    .update(await readFile(entry))
    .digest('hex');
  return { name: `npm:${packageName}`, version: `${manifest.version} sha256:${sha256}` };
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const stressed = (phone: string): boolean => isDigit(phone.charCodeAt(phone.length - 1));
const phoneOf = (phone: string): string => (stressed(phone) ? phone.slice(0, -1) : phone);
const stressOf = (phones: readonly string[]): string[] => phones.filter(stressed).map((phone) => phone.slice(-1));

/**
 * The pairs of one words task, split by word: one split for all tasks.
 *
 * - `pronounce`: letters to phones without stress; references are all listed pronunciations.
 * - `stress`: letters to the stress digits of the vowels; references are all listed sequences. Pronunciations without a
 *   vowel (`hmm`, `shh`) have none and are left out.
 * - `articulate`: letters to the articulatory features of each phone (`phoneFeatures`), continuous; references as for `pronounce`.
 * - `spell`: phones to letters; references are all listed words of that pronunciation. Homophones may fall into different
 *   splits, so a pronunciation belongs to the most held-out split of its words (test, validation, train): no held-out
 *   word is ever trained on, and no held-out pronunciation is either. Words of the split itself come first.
 */
export function wordPairs(
  words: readonly Word[],
  kind: 'pronounce' | 'spell' | 'stress' | 'articulate',
  shares: SplitShares,
): RawPair[] {
  if (kind === 'spell') return spellPairs(words, shares);
  const targetOf = (phones: readonly string[]): RawSequence => {
    if (kind === 'stress') return stressOf(phones);
    const plain = phones.map(phoneOf);
    return kind === 'articulate' ? articulation(plain) : plain;
  };
  return words.flatMap(({ word, pronunciations }) => {
    const split = hashedSplit(word, shares);
    const source = Array.from(word);
    return pronunciations
      .map((phones) => ({ source, target: targetOf(phones), origin: `word "${word}"`, split }))
      .filter(({ target }) => target.length > 0);
  });
}

function spellPairs(words: readonly Word[], shares: SplitShares): RawPair[] {
  const homophones = new Map<string, Map<string, SplitName>>();
  for (const { word, pronunciations } of words) {
    const split = hashedSplit(word, shares);
    for (const phones of pronunciations) {
      const key = phones.map(phoneOf).join(' ');
      const spellings = homophones.get(key);
      if (spellings === undefined) homophones.set(key, new Map([[word, split]]));
      else spellings.set(word, split);
    }
  }
  const pairs: RawPair[] = [];
  for (const [key, spellings] of homophones) {
    const held = new Set(spellings.values());
    const split = held.has('test') ? 'test' : held.has('validation') ? 'validation' : 'train';
    const own = [...spellings].filter(([, of]) => of === split);
    const other = [...spellings].filter(([, of]) => of !== split);
    for (const [word] of [...own, ...other])
      pairs.push({ source: key.split(' '), target: Array.from(word), origin: `word "${word}"`, split });
  }
  return pairs;
}
