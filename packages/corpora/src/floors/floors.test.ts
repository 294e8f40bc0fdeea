import { describe, expect, it } from 'vitest';
import { floorNames, floorOf } from './floor.js';
import { splitPairs } from './held-out.js';
import { copySource, leadWords, strippedLead } from './lead.js';
import { nearestNeighbour } from './nearest-neighbour.js';

describe('leads', () => {
  it('take the first words, all of a short text', () => {
    expect(leadWords('a b  c\nd', 3)).toBe('a b c');
    expect(leadWords('a b', 8)).toBe('a b');
    expect(copySource('a  b')).toBe('a  b');
  });

  it.each([
    ['Clock is a program that shows time', 'program that shows time'],
    ['GNU Clock is the program', 'program'],
    ['These are sounds of bells', 'sounds of bells'],
    ['is a question', 'is a question'],
    ['It shows what time it really is a little late', 'It shows what time it really is a'],
  ])('of "%s" without a beginning that only names the thing is "%s"', (text, lead) => {
    expect(strippedLead(text, 8)).toBe(lead);
  });
});

describe('nearestNeighbour', () => {
  const train = [
    { source: 'the clock shows the time', target: 'clock' },
    { source: 'the bell rings the hour', target: 'bell' },
    { source: 'the the the the the', target: 'nothing' },
    { source: 'the bell, the bell!', target: 'bells' },
  ];
  const answer = nearestNeighbour(train);

  it('weighs rare words above common ones, and looks at neither case nor punctuation', () => {
    expect(answer('the the the the CLOCK')).toBe('clock');
    expect(answer('Hour?')).toBe('bell');
    expect(answer('bell')).toBe('bells');
  });

  it('falls back on the first pair', () => {
    expect(answer('zebra')).toBe('clock');
    expect(answer('the')).toBe('clock');
  });
});

describe('floorOf', () => {
  it('gives every floor of an example', () => {
    const train = [{ source: 'Clock is a program', references: ['a clock', 'the clock'] }];
    const source = 'Clock is a big program that shows the time of day in a window';
    expect(Object.fromEntries(floorNames.map((name) => [name, floorOf(name, train)(source)]))).toEqual({
      'lead-8': 'Clock is a big program that shows the',
      'lead-10': 'Clock is a big program that shows the time of',
      'lead-8-stripped': 'big program that shows the time of day',
      'copy-source': source,
      'nearest-neighbour': 'a clock',
    });
  });
});

describe('splitPairs', () => {
  it('keeps groups and sources together, and joins the references of a source', () => {
    const pairs = Array.from({ length: 400 }, (_, i) => ({
      source: `text ${i >> 1}`,
      target: `answer ${i}`,
      group: `g${i % 40}`,
    }));
    const splits = splitPairs(pairs, { validation: 0.2, test: 0.2 });
    const groupsOf = (name: 'train' | 'validation' | 'test') =>
      new Set(
        splits[name].flatMap(({ references }) =>
          references.map((text) => pairs.find(({ target }) => target === text)?.group),
        ),
      );
    const [train, validation, test] = [groupsOf('train'), groupsOf('validation'), groupsOf('test')];
    expect([...train].filter((group) => validation.has(group) || test.has(group))).toEqual([]);
    expect([...validation].filter((group) => test.has(group))).toEqual([]);
    const sources = [...splits.train, ...splits.validation, ...splits.test].map(({ source }) => source);
    expect(new Set(sources).size).toBe(sources.length);
    expect(splits.train.some(({ references }) => references.length === 2)).toBe(true);
  });
});
