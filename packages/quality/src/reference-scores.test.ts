import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { corpusBleu } from './bleu.js';
import { corpusChrf2 } from './chrf.js';
import { rouge } from './rouge.js';
import { words13a } from './words-13a.js';

interface Fixture {
  readonly sacrebleu: string;
  readonly words13a: readonly { readonly text: string; readonly words: readonly string[] }[];
  readonly corpora: readonly {
    readonly name: string;
    readonly hypotheses: readonly string[];
    readonly references: readonly (readonly string[])[];
    readonly bleu: number;
    readonly chrf2: number;
    readonly rouge1: number;
    readonly rouge2: number;
    readonly rougeL: number;
  }[];
}
const fixture = JSON.parse(
  readFileSync(new URL('./reference-scores.fixture.json', import.meta.url), 'utf8'),
) as Fixture;

/** Rounding alone: of scores that go to 100, and of those that go to 1. */
const closeTo = (expected: number) => ({ asymmetricMatch: (value: number) => Math.abs(value - expected) <= 1e-11 });

describe('scores beside sacrebleu 2.6.0 and rouge-score 0.1.2', () => {
  it('are of many texts, right ones and wrong ones', () => {
    expect(fixture.sacrebleu).toBe('2.6.0');
    expect(fixture.corpora.length).toBe(81);
    expect(fixture.words13a.length).toBe(150);
    expect(new Set(fixture.corpora.map(({ bleu }) => bleu)).size).toBeGreaterThan(60);
  });

  it.each(fixture.corpora)('$name', ({ hypotheses, references, ...expected }) => {
    expect({
      bleu: corpusBleu(hypotheses, references),
      chrf2: corpusChrf2(hypotheses, references),
      rouge1: rouge('rouge1', hypotheses, references),
      rouge2: rouge('rouge2', hypotheses, references),
      rougeL: rouge('rougeL', hypotheses, references),
    }).toEqual({
      bleu: closeTo(expected.bleu),
      chrf2: closeTo(expected.chrf2),
      rouge1: closeTo(expected.rouge1),
      rouge2: closeTo(expected.rouge2),
      rougeL: closeTo(expected.rougeL),
    });
  });

  it('cut random Unicode into the same words', () => {
    for (const { text, words } of fixture.words13a) expect({ text, words: words13a(text) }).toEqual({ text, words });
  });
});
