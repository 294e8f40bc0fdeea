import { describe, expect, it } from 'vitest';
import { generateOptionsSchema } from './generate-options.js';

const problems = (options: unknown): string[] => {
  const parsed = generateOptionsSchema.safeParse(options);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('generateOptionsSchema', () => {
  it('is greedy by default', () => {
    expect(generateOptionsSchema.parse({})).toEqual({
      search: { kind: 'greedy' },
      maxLength: null,
      nBest: 1,
      repetitionPenalty: 1,
      attention: false,
      firstSource: 0,
    });
  });

  it('fills in what a search leaves out', () => {
    expect(generateOptionsSchema.parse({ search: { kind: 'beam' } }).search).toEqual({
      kind: 'beam',
      width: 4,
      lengthPenalty: 0.6,
    });
    expect(generateOptionsSchema.parse({ search: { kind: 'sample' } }).search).toEqual({
      kind: 'sample',
      temperature: 1,
      topK: null,
      topP: 1,
      seed: 1,
    });
  });

  it.each([
    [
      { search: { kind: 'beam', temperature: 0.5 } },
      'search: "temperature" belongs to a search of kind "sample", and this one is "beam": leave it out, or search by sample',
    ],
    [
      { search: { kind: 'greedy', width: 4 } },
      'search: "width" belongs to a search of kind "beam", and this one is "greedy": leave it out, or search by beam',
    ],
    [{ search: { kind: 'sample', top: 4 } }, 'search: "top" is no option of a search of kind "sample"; leave it out'],
    [{ nBest: 2 }, 'nBest: a greedy search has one output, not 2: take search.kind "beam" or "sample"'],
    [
      { search: { kind: 'beam', width: 3 }, nBest: 4 },
      'nBest: a beam of width 3 finds at most 3 outputs, not 4: widen it',
    ],
  ])('refuses %j with the remedy', (options, message) => {
    expect(problems(options)).toEqual([message]);
  });

  it.each([
    { search: { kind: 'beam', width: 33 } },
    { search: { kind: 'beam', lengthPenalty: -1 } },
    { search: { kind: 'sample', temperature: 0 } },
    { search: { kind: 'sample', topK: 0 } },
    { search: { kind: 'sample', topP: 0 } },
    { search: { kind: 'sample', topP: 1.1 } },
    { search: { kind: 'sample', seed: -1 } },
    { search: { kind: 'best' } },
    { maxLength: 0 },
    { maxLength: 4097 },
    { repetitionPenalty: 0.5 },
    { search: { kind: 'sample' }, nBest: 33 },
    { unknown: 1 },
  ])('refuses %j', (options) => {
    expect(problems(options)).toHaveLength(1);
  });
});
