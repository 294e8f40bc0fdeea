import { describe, expect, it } from 'vitest';
import { parseRunFile } from './parse-run-file.js';

const parse = (combiner: string, weight = 1) =>
  parseRunFile(
    `experiment: e
tasks:
  - { name: t, data: { source: words, kind: spell }, weight: ${weight} }
  - { name: u, data: { source: words, kind: stress } }
${combiner}
budget: { steps: 10 }`,
    { name: 'run.yaml' },
  ).combiner;

describe('combiner', () => {
  it('is weighted, over all parameters at once, where none is named', () => {
    expect(parse('')).toEqual({ kind: 'weighted', groups: 'all' });
    expect(parse('combiner: { groups: layers }')).toEqual({ kind: 'weighted', groups: 'layers' });
  });

  it.each([
    ['pcgrad', {}],
    ['gradvac', { beta: 0.01 }],
    ['mgda', {}],
    ['cagrad', { c: 0.4 }],
    ['imtl-g', {}],
    ['aligned-mtl', { scale: 'min' }],
    ['nash-mtl', {}],
    ['upgrad', {}],
    ['gradnorm', { alpha: 1.5, lr: 0.025 }],
    ['db-mtl', {}],
    ['uncertainty', { lr: 0.001 }],
    ['dwa', { temperature: 2, window: 100 }],
    ['imtl-l', { lr: 0.001 }],
    ['stch', { mu: 0.1 }],
    ['famo', { lr: 0.025, decay: 0.001 }],
  ])('fills in what %s leaves out', (kind, parameters) => {
    expect(parse(`combiner: { kind: ${kind} }`)).toEqual({ kind, groups: 'all', ...parameters });
  });

  it.each(['weighted', 'cagrad', 'aligned-mtl', 'upgrad'])('takes task weights under %s', (kind) => {
    expect(parse(`combiner: { kind: ${kind} }`, 3).kind).toBe(kind);
  });

  it.each(['pcgrad', 'mgda', 'nash-mtl', 'famo', 'dwa'])(
    'refuses task weights under %s, which ignores them',
    (kind) => {
      expect(() => parse(`combiner: { kind: ${kind} }`, 3)).toThrow(
        `tasks[0].weight: has no effect with combiner ${kind}, which weighs the tasks itself; leave it out, or choose combiner weighted, cagrad, aligned-mtl or upgrad`,
      );
      expect(parse(`combiner: { kind: ${kind} }`, 1).kind).toBe(kind);
    },
  );

  it.each([
    ['{ kind: pcgard }', /combiner\.kind: must be one of "weighted".*did you mean "pcgrad"\?/],
    ['{ kind: nash_mtl }', /did you mean "nash-mtl"\?/],
    [
      '{ kind: cagrad, alpha: 1 }',
      /combiner\.alpha: unknown field; it belongs to kind "gradnorm"; kind "cagrad" takes c, groups/,
    ],
    ['{ kind: cagrad, c: 1 }', /combiner\.c: must be below 1, got 1/],
    ['{ kind: cagrad, c: -0.1 }', /combiner\.c: must be at least 0/],
    ['{ kind: gradvac, beta: 2 }', /combiner\.beta: must be at most 1/],
    ['{ kind: dwa, window: 0 }', /combiner\.window: must be above 0/],
    ['{ kind: stch, mu: 0 }', /combiner\.mu: must be at least 0\.000001/],
    ['{ kind: famo, lr: 0 }', /combiner\.lr: must be above 0/],
    ['{ kind: pcgrad, groups: layer }', /combiner\.groups: must be one of "all", "layers".*did you mean "layers"\?/],
  ])('refuses %s', (combiner, message) => {
    expect(() => parse(`combiner: ${combiner}`)).toThrow(message);
  });
});
