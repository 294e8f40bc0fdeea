import { hashedSplit } from '@tributary/datasets';
import { describe, expect, it } from 'vitest';
import type { CorpusPair } from '../corpus-pair.js';
import { debianPairs } from './debian-pairs.js';

interface Package {
  readonly name: string;
  readonly source?: string;
  readonly md5: string;
  readonly short: string;
  readonly long: readonly string[];
}

const packagesOf = (list: readonly Package[]): string =>
  list
    .map(({ name, source, md5 }) =>
      [
        `Package: ${name}`,
        ...(source === undefined ? [] : [`Source: ${source}`]),
        'Tag: one,',
        ' two',
        `Description-md5: ${md5}`,
        '',
      ].join('\n'),
    )
    .join('\n');
const translation = (language: string, list: readonly Omit<Package, 'source'>[]): string =>
  list
    .map(({ name, md5, short, long }) =>
      [
        `Package: ${name}`,
        `Description-md5: ${md5}`,
        `Description-${language}: ${short}`,
        long.map((paragraph) => paragraph.replace(/^/gm, ' ')).join('\n .\n'),
        '',
      ].join('\n'),
    )
    .join('\n');

const clock: Package = {
  name: 'clock',
  md5: 'a1',
  short: 'shows the time of day',
  long: ['Clock is a program that shows\nthe time of day in a window.', 'It needs no network.'],
};
const clockDoc: Package = {
  ...clock,
  name: 'clock-doc',
  source: 'clock',
  md5: 'a2',
  short: 'shows the time (documentation)',
};
const bell: Package = {
  name: 'bell-data',
  source: 'bell (1.2)',
  md5: 'b1',
  short: 'sounds for the bell',
  long: ['These sounds are rung by the bell at each full hour.', 'It needs no network.'],
};
const german = [
  {
    ...clock,
    short: 'zeigt die Uhrzeit',
    long: ['Clock zeigt die Uhrzeit\nin einem Fenster.', 'Es braucht kein Netz.'],
  },
  { ...bell, short: 'Klänge für die Glocke', long: ['Nur ein Absatz.'] },
];
const indices = (list: readonly Package[], de: readonly Package[] = german, english: readonly Package[] = list) => ({
  packages: packagesOf(list),
  english: translation('en', english),
  translations: { de: translation('de', de), fr: '', it: '', da: '' },
});
const pairsOf = (name: string, ...input: Parameters<typeof indices>): readonly CorpusPair[] =>
  debianPairs(indices(...input)).pairs[name] as readonly CorpusPair[];

describe('debianPairs', () => {
  it('summarises the first paragraph by the short description, once a source package', () => {
    expect(pairsOf('summarise', [clockDoc, clock, { ...clock, name: 'clock2', source: 'clock' }, bell])).toEqual([
      {
        source: 'Clock is a program that shows the time of day in a window.',
        target: 'shows the time of day',
        group: 'clock',
      },
      {
        source: 'These sounds are rung by the bell at each full hour.',
        target: 'sounds for the bell',
        group: 'bell',
      },
    ]);
  });

  it.each([
    ['a paragraph of seven words', { long: ['one two three four five six seven'] }],
    ['a paragraph of 61 words', { long: [Array(61).fill('word').join(' ')] }],
    ['a short description of one word', { short: 'clock' }],
    ['a short description of 13 words', { short: Array(13).fill('word').join(' ') }],
    ['a transitional package', { short: 'clock in colour (transitional package)' }],
    ['a development package', { short: 'clock in colour (Development files)' }],
    ['no long description', { long: [] }],
    ['a reserved symbol', { short: 'shows </s> tags' }],
  ])('makes no summary of %s', (_, change) => {
    expect(pairsOf('summarise', [{ ...clock, ...change }])).toEqual([]);
  });

  it('makes one summary of a paragraph that several source packages have', () => {
    const other = { ...clock, name: 'clock2', md5: 'a3', short: 'shows time as well' };
    expect(pairsOf('summarise', [clock, other]).map(({ target }) => target)).toEqual(['shows the time of day']);
  });

  it('takes the limits themselves', () => {
    const words = (count: number): string => Array(count).fill('word').join(' ');
    const list = [
      { ...clock, source: 's1', long: [words(8)], short: words(2) },
      { ...clock, md5: 'a3', source: 's2', long: [`${words(59)} end`], short: words(12) },
    ];
    expect(pairsOf('summarise', list)).toHaveLength(2);
  });

  it('joins translations by the hash of the description, and paragraphs where there are as many', () => {
    const list = [clock, bell];
    expect(pairsOf('translate-de', list)).toEqual([
      { source: 'shows the time of day', target: 'zeigt die Uhrzeit', group: 'clock' },
      { source: 'sounds for the bell', target: 'Klänge für die Glocke', group: 'bell' },
    ]);
    expect(pairsOf('translate-de-paragraphs', list)).toEqual([
      {
        source: 'Clock is a program that shows the time of day in a window.',
        target: 'Clock zeigt die Uhrzeit in einem Fenster.',
        group: 'clock',
      },
      { source: 'It needs no network.', target: 'Es braucht kein Netz.', group: 'bell' },
    ]);
  });

  it('leaves out what was not translated, has no English text or was there before', () => {
    const again = { ...clock, md5: 'a4', name: 'clock-gtk', source: 'clock' };
    const unknown = { ...clock, md5: 'zz', short: 'aus einer anderen Fassung' };
    const left = { ...bell, short: bell.short };
    const de = [german[0] as Package, { ...(german[0] as Package), md5: 'a4' }, unknown, left];
    expect(pairsOf('translate-de', [clock, again, bell], de)).toEqual([
      { source: 'shows the time of day', target: 'zeigt die Uhrzeit', group: 'clock' },
    ]);
  });

  it('gives a description that no package of the index has the name of its package', () => {
    const foreign = { ...clock, name: 'clock-arm', md5: 'a9', short: 'shows the time on arm', long: clock.long };
    const de = [{ ...foreign, short: 'zeigt die Uhrzeit auf arm', long: [] }];
    expect(pairsOf('translate-de', [clock], de, [clock, foreign])[0]?.group).toBe('clock-arm');
    const sameName = { ...foreign, name: 'bell-data' };
    expect(pairsOf('translate-de', [clock, bell], de, [clock, sameName])[0]?.group).toBe('bell');
  });

  it('keeps white space as it is, and takes no account of it where texts are shared', () => {
    const list = [clock, { ...bell, md5: 'b2', short: 'shows  the time of\u00a0day' }];
    const de = [german[0] as Package, { ...(german[1] as Package), md5: 'b2' }];
    expect(pairsOf('translate-de', list, de).map(({ source, group }) => [source, group])).toEqual([
      ['shows the time of day', 'bell'],
      ['shows  the time of\u00a0day', 'bell'],
    ]);
  });

  it('puts no source package and no text into two splits, over all pairs', () => {
    const shares = { validation: 0.2, test: 0.3 };
    const boilerplate = (index: number): string => `This package is one of the many of family ${index % 7}.`;
    const list = Array.from({ length: 300 }, (_, i): Package => {
      const text = `The program number ${i % 250} does a thing that no one else does.`;
      return {
        name: `package-${i}`,
        source: `source-${i >> 1}`,
        md5: `m${i}`,
        short: `does the thing ${i % 200}`,
        long: [text, boilerplate(i)],
      };
    });
    const de = list.map((each, i) => ({
      ...each,
      short: `macht das Ding ${i}`,
      long: each.long.map((text, place) => `${i} ${place} ${text}`),
    }));
    const { pairs } = debianPairs(indices(list, de));
    const splitOfGroup = new Map<string, Set<string>>();
    const splitOfText = new Map<string, Set<string>>();
    const add = (map: Map<string, Set<string>>, key: string, split: string) =>
      map.set(key, (map.get(key) ?? new Set()).add(split));
    for (const { source, group } of Object.values(pairs).flat()) {
      const split = hashedSplit(group, shares);
      add(splitOfGroup, group, split);
      add(splitOfText, source, split);
    }
    expect(pairs.summarise?.length).toBe(125);
    expect(pairs['translate-de']?.length).toBe(300);
    expect(pairs['translate-de-paragraphs']?.length).toBe(600);
    expect([...splitOfGroup.values(), ...splitOfText.values()].filter(({ size }) => size > 1)).toEqual([]);
    expect(new Set([...splitOfGroup.values()].flatMap((splits) => [...splits]))).toEqual(
      new Set(['train', 'validation', 'test']),
    );
  });
});
