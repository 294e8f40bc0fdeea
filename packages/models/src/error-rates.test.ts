import { describe, expect, it } from 'vitest';
import { errorRates, metricValue } from './error-rates.js';

describe('errorRates', () => {
  // HH AH L OW: exact. T AH M EY T OW against two references: exact against the second. K AE T: one substitution in 3
  // against the first, two edits against the second. empty output: two deletions.
  const hypotheses = ['HH AH L OW', 'T AH M EY T OW', 'K AE T', ''].map((text) => text.split(' ').filter(Boolean));
  const references = [['HH AH L OW'], ['T AH M AA T OW', 'T AH M EY T OW'], ['K AE P', 'K AA P'], ['G OW']].map(
    (texts) => texts.map((text) => text.split(' ')),
  );

  it('sums edits to the nearest reference by that reference’s length', () => {
    expect(errorRates(hypotheses, references)).toEqual({
      edits: 3,
      referenceTokens: 4 + 6 + 3 + 2,
      tokenErrorRate: 3 / 15,
      wrong: 2,
      examples: 4,
      wordErrorRate: 2 / 4,
    });
  });

  it('may exceed one', () => {
    expect(errorRates([[1, 2, 3]], [[[4]]]).tokenErrorRate).toBe(3);
  });

  it('takes the length of the nearest reference, not of the longest', () => {
    expect(
      errorRates(
        [[1, 2]],
        [
          [
            [1, 2, 3, 4],
            [1, 3],
          ],
        ],
      ),
    ).toMatchObject({ edits: 1, referenceTokens: 2 });
  });

  it('refuses outputs without references', () => {
    expect(() => errorRates([[1]], [])).toThrow('1 outputs for 0 examples');
    expect(() => errorRates([[1]], [[]])).toThrow('example 0 has no reference');
  });

  it('gives each metric of the run file', () => {
    const rates = errorRates(hypotheses, references);
    const forced = { tokens: 20, correct: 17 };
    expect(metricValue('phone_error_rate', rates, forced)).toBe(0.2);
    expect(metricValue('letter_error_rate', rates, forced)).toBe(0.2);
    expect(metricValue('token_error_rate', rates, forced)).toBe(0.2);
    expect(metricValue('word_error_rate', rates, forced)).toBe(0.5);
    expect(metricValue('token_accuracy', rates, forced)).toBe(0.85);
  });
});
