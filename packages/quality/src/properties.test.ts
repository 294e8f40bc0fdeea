import { type RandomStream, randomStream, shuffle } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { corpusBleu } from './bleu.js';
import { corpusChrf2 } from './chrf.js';
import { distinct } from './distinct.js';
import { exactMatch } from './exact-match.js';
import { hitsAt } from './hits.js';
import { perplexity } from './perplexity.js';
import { rouge } from './rouge.js';

type Measure = (hypotheses: readonly string[], references: readonly (readonly string[])[]) => number;
const measures: readonly [string, Measure, number][] = [
  ['BLEU', corpusBleu, 100],
  ['chrF2', corpusChrf2, 100],
  ['ROUGE-1', (h, r) => rouge('rouge1', h, r), 1],
  ['ROUGE-2', (h, r) => rouge('rouge2', h, r), 1],
  ['ROUGE-L', (h, r) => rouge('rougeL', h, r), 1],
  ['exact match', exactMatch, 1],
  ['distinct-1', (h) => distinct(1, h), 1],
  ['distinct-2', (h) => distinct(2, h), 1],
];

const words = ['tide', 'river', 'delta', 'ebb', 'flow', 'ü', '漢', '3.5', '(', 'the'];
const text = (draw: RandomStream, least: number): string =>
  Array.from({ length: least + draw.below(9) }, () => words[draw.below(words.length)]).join(' ');

function corpusOf(seed: number) {
  const draw = randomStream(seed, 'corpus');
  const examples = Array.from({ length: 1 + draw.below(7) }, () => ({
    hypothesis: text(draw, draw.below(2)),
    references: Array.from({ length: 1 + draw.below(3) }, () => text(draw, 0)),
  }));
  const score = (measure: Measure, of = examples) =>
    measure(
      of.map(({ hypothesis }) => hypothesis),
      of.map(({ references }) => references),
    );
  return { draw, examples, score };
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

describe.each(measures)('%s', (_, measure, most) => {
  it('lies between 0 and the most that there is', () => {
    for (const seed of seeds) {
      const { examples, score } = corpusOf(seed);
      if (examples.every(({ hypothesis }) => hypothesis === '')) continue;
      const value = score(measure);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(most);
    }
  });

  it('does not ask for the order of examples', () => {
    for (const seed of seeds) {
      const { draw, examples, score } = corpusOf(seed);
      const turned = [...examples];
      shuffle(turned, draw);
      const [value, again] = [score(measure), score(measure, turned)];
      if (Number.isNaN(value)) expect(again).toBeNaN();
      else expect(again).toBeCloseTo(value, 10);
    }
  });
});

describe.each(measures.slice(0, 6))('%s', (_, measure, most) => {
  it('is the most that there is where every output is one of its references', () => {
    for (const seed of seeds) {
      const draw = randomStream(seed, 'identity');
      const truths = Array.from({ length: 1 + draw.below(5) }, () => `a b c d ${text(draw, 0)}`);
      const references = truths.map((truth) => [text(draw, 0), truth]);
      expect(measure(truths, references)).toBeCloseTo(most, 10);
      expect(
        measure(
          truths,
          truths.map((truth) => [truth]),
        ),
      ).toBe(most);
    }
  });

  it('refuses outputs without references', () => {
    expect(() => measure(['a'], [])).toThrow('1 outputs for 0 examples');
    expect(() => measure(['a'], [[]])).toThrow('example 0 has no reference');
    expect(measure([], [])).toBeNaN();
  });
});

// Not chrF2: of references that have nothing in common with the output the first counts, as in sacrebleu.
describe.each(measures.slice(0, 6).filter(([name]) => name !== 'chrF2'))('%s', (_, measure) => {
  it('does not ask for the order of references', () => {
    for (const seed of seeds) {
      const { examples, score } = corpusOf(seed);
      const turned = examples.map((example) => ({ ...example, references: [...example.references].reverse() }));
      expect(score(measure, turned)).toBeCloseTo(score(measure), 10);
    }
  });
});

// BLEU's brevity penalty may follow the new one's length.
describe.each(measures.slice(2, 6))('%s', (_, measure) => {
  it('never loses by one more reference', () => {
    for (const seed of seeds) {
      const { examples, score } = corpusOf(seed);
      const more = examples.map((example, i) => ({ ...example, references: [...example.references, `one ${i} more`] }));
      expect(score(measure, more)).toBeGreaterThanOrEqual(score(measure));
    }
  });
});

describe('distinct-n', () => {
  it('counts different n-grams by words', () => {
    const outputs = ['I do not know.', 'I do not know.', 'ok'];
    // I, do, not, know, ., ok of 11; I do, do not, not know, know . of 11
    expect(distinct(1, outputs)).toBe(6 / 11);
    expect(distinct(2, outputs)).toBe(4 / 11);
    expect(distinct(1, ['', ' '])).toBeNaN();
  });
});

describe('exact match', () => {
  it('takes any reference, and is strict', () => {
    expect(exactMatch(['a', 'b', 'A', 'a '], [['x', 'a'], ['b'], ['a'], ['a']])).toBe(0.5);
  });
});

describe('perplexity', () => {
  it('is the number of equally likely symbols', () => {
    expect(perplexity(7 * Math.log(50), 7)).toBeCloseTo(50, 10);
    expect(perplexity(0, 3)).toBe(1);
    expect(perplexity(0, 0)).toBeNaN();
  });
});

describe('Hits@k', () => {
  it('counts true responses among the k most likely; a tie is a miss', () => {
    const losses = [
      [0.5, 0.7, 0.9],
      [0.7, 0.5, 0.9],
      [0.9, 0.5, 0.7],
      [0.5, 0.5, 0.9],
    ];
    expect(hitsAt(1, losses)).toBe(1 / 4);
    expect(hitsAt(2, losses)).toBe(3 / 4);
    expect(hitsAt(3, losses)).toBe(1);
    expect(hitsAt(1, [[Number.NaN, 1]])).toBe(0);
    expect(hitsAt(1, [[1, Number.NaN]])).toBe(0);
    expect(hitsAt(1, [])).toBeNaN();
  });

  it('is one in twenty by chance', () => {
    const draw = randomStream(1, 'hits');
    const losses = Array.from({ length: 4000 }, () => Array.from({ length: 20 }, () => draw.uniform()));
    expect(Math.abs(hitsAt(1, losses) - 1 / 20)).toBeLessThan(0.01);
    expect(Math.abs(hitsAt(5, losses) - 1 / 4)).toBeLessThan(0.02);
  });
});
