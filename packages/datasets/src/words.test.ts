import { beforeAll, describe, expect, it } from 'vitest';
import { gatherExamples } from './gather-examples.js';
import { hashedSplit } from './hashed-split.js';
import { loadWords, type Word, wordPairs, wordsSource } from './words.js';

const shares = { validation: 0.01, test: 0.05 };
const lengths = { source: 64, target: 64, overlong: 'refuse', buckets: 4 } as const;
let words: Word[] = [];
beforeAll(async () => {
  words = await loadWords();
  [pronounce, spell, stress] = [splitsOf('pronounce'), splitsOf('spell'), splitsOf('stress')];
});

/** An example of these tasks: text cut into symbols on both sides. */
interface SymbolExample {
  readonly source: readonly string[];
  readonly targets: readonly (readonly string[])[];
}
type Splits = Readonly<Record<'train' | 'validation' | 'test', readonly SymbolExample[]>>;
function splitsOf(kind: 'pronounce' | 'spell' | 'stress'): Splits {
  const pairs = wordPairs(words, kind, shares);
  const { train, validation, test } = gatherExamples({ task: kind, pairs, lengths, shares, fromFile: false }).splits;
  return { train: train.map(inSymbols), validation: validation.map(inSymbols), test: test.map(inSymbols) };
}

const inSymbols = (example: { readonly source: unknown; readonly targets: unknown }) => example as SymbolExample;
let pronounce: Splits;
let spell: Splits;
let stress: Splits;
const textsOf = (symbols: readonly (readonly string[])[]): Set<string> => new Set(symbols.map((each) => each.join('')));

describe('words', () => {
  it('has the counts of the cleaned dictionary', () => {
    const examples = Object.values(pronounce).flat();
    expect(words.length).toBe(117_490);
    expect(examples.length).toBe(117_490);
    expect(examples.reduce((sum, { targets }) => sum + targets.length, 0)).toBe(125_567);
    expect(new Set(examples.flatMap(({ targets }) => targets.flat())).size).toBe(39);
    expect(words.every(({ word }) => /^[a-z]+$/.test(word))).toBe(true);
    expect(words.find(({ word }) => word === 'aalborg')?.pronunciations[0]?.join(' ')).toBe('AO1 L B AO0 R G');
  });

  it('lists every pronunciation, spelling and stress of a word as a reference', () => {
    const references = (splits: Splits, source: string, join = ''): string[] | undefined =>
      Object.values(splits)
        .flat()
        .find((example) => example.source.join(' ') === source)
        ?.targets.map((target) => target.join(join));
    expect(references(pronounce, 'r e a d', ' ')).toEqual(['R EH D', 'R IY D']);
    expect(references(stress, 'r e c o r d')).toEqual(['01', '10']);
    expect(new Set(references(spell, 'R EH D'))).toEqual(new Set(['read', 'reade', 'red', 'redd']));
    expect(references(stress, 'h m m')).toBeUndefined();
  });

  it('splits by word alike for all tasks, and trains on no held-out word or pronunciation', () => {
    const own = (name: 'train' | 'validation' | 'test') => textsOf(pronounce[name].map(({ source }) => source));
    for (const name of ['train', 'validation', 'test'] as const) {
      const words = own(name);
      expect([...words].filter((word) => hashedSplit(word, shares) !== name)).toEqual([]);
      expect(stress[name].filter(({ source }) => !words.has(source.join('')))).toEqual([]);
      expect(spell[name].filter(({ targets }) => !words.has((targets[0] as readonly string[]).join('')))).toEqual([]);
    }
    const trained = textsOf(spell.train.flatMap(({ targets }) => targets));
    const trainedSounds = textsOf(spell.train.map(({ source }) => source));
    for (const name of ['validation', 'test'] as const) {
      expect([...own(name)].filter((word) => trained.has(word))).toEqual([]);
      expect(spell[name].filter(({ source }) => trainedSounds.has(source.join('')))).toEqual([]);
    }
    const share = pronounce.test.length / words.length;
    expect(share).toBeGreaterThan(0.045);
    expect(share).toBeLessThan(0.055);
  });

  it('names its version and hash', async () => {
    const { name, version } = await wordsSource();
    expect(name).toBe('npm:cmu-pronouncing-dictionary');
    expect(version).toMatch(/^3\.0\.0 sha256:[0-9a-f]{64}$/);
  });
});
