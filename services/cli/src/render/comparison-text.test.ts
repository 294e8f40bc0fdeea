import { stripVTControlCharacters } from 'node:util';
import type {
  BestRunsDocument,
  ComparedRunDocument,
  ComparisonDocument,
  RunDiffDocument,
  RunLineageDocument,
  RunSummaryDocument,
} from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { bestRunsText } from './best-runs-text.js';
import { comparisonText } from './comparison-text.js';
import { diffText } from './diff-text.js';
import { lineageText } from './family-text.js';

const summary = (run: string, changes: Partial<RunSummaryDocument> = {}): RunSummaryDocument => ({
  ...{ run, experiment: 'words', state: 'finished', reason: null, attempt: 1, step: 100, targetSteps: 100 },
  ...{ stateHash: 'a'.repeat(64), createdAt: '2026-01-01T00:00:00Z', startedAt: null, endedAt: null },
  ...changes,
});
const compared = (run: string, changes: Partial<ComparedRunDocument> = {}): ComparedRunDocument => ({
  ...{ ...summary(run), seconds: 90, goodput: null },
  ...changes,
});
const value = (last: number | null) => ({ count: 5, last, lastStep: 5, min: last, max: last });
const lines = (text: string) =>
  stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.trim().replace(/ {2,}/g, ' | '))
    .filter((line) => line !== '');

const two: ComparisonDocument = {
  runs: [
    compared('words-a', { goodput: 0.912 }),
    compared('words-b', { state: 'failed', step: 40, stateHash: 'b'.repeat(64) }),
  ],
  equalStateHash: false,
  by: 'last',
  params: [{ key: 'optimizer.learningRate', values: ['0.001', null] }],
  metrics: [
    { metric: 'grad_norm', kind: 'point', direction: null, values: [value(1), value(2)], best: [] },
    {
      metric: 'spell.validation.loss',
      kind: 'point',
      direction: 'min',
      values: [value(0.24006), value(0.5)],
      best: [0],
    },
    { metric: 'spell.test.bleu', kind: 'point', direction: 'max', values: [null, value(null)], best: [] },
  ],
  equal: { params: 30, metrics: 2 },
};

describe('comparisonText', () => {
  it('names runs by letters, held-out results first, and marks the best', () => {
    expect(lines(comparisonText(two))).toEqual([
      'run | state | steps | time | goodput | state hash',
      'A | words-a | finished | 100 | 1m30s | 91.2% | aaaaaaaaaaaa',
      'B | words-b | failed | 40/100 | 1m30s | bbbbbbbbbbbb',
      'parameter | A | B',
      'optimizer.learningRate | 0.001 | –',
      'metric, last | A | B',
      'spell.test.bleu ↑ | – | not finite',
      'spell.validation.loss ↓ | 0.2401* | 0.5',
      'grad_norm | 1 | 2',
      '* best of these runs, ↓ less is better, ↑ more is better',
      'Equal in both: 30 parameters and 2 metrics; see them with --all',
    ]);
  });

  it('says plainly what does not differ', () => {
    const same = { ...two, equalStateHash: true, params: [], metrics: [] };
    const text = lines(comparisonText(same)).slice(3);
    expect(text).toEqual([
      'All have the same state hash: bit for bit the same result.',
      'No parameter differs: both have the same run file.',
      'No metric differs: both recorded the same.',
    ]);
  });

  it('stays within 100 columns, however many runs and however long their values', () => {
    const many = 30;
    const wide: ComparisonDocument = {
      ...two,
      runs: Array.from({ length: many }, (_, place) => compared(`${'experiment'.repeat(5)}-${place}`)),
      params: [
        {
          key: `tasks.${'pronounce'.repeat(8)}.data.path`,
          values: Array.from({ length: many }, (_, place) => `${'x'.repeat(80)}${place}`),
        },
      ],
      metrics: [
        {
          metric: 'spell.validation.loss',
          kind: 'point',
          direction: 'min',
          values: Array.from({ length: many }, () => value(1.234e-9)),
          best: [3],
        },
      ],
    };
    const text = stripVTControlCharacters(comparisonText(wide)).split('\n');
    expect(Math.max(...text.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(text.filter((line) => line.includes('1.23e-9*'))).toHaveLength(1);
    expect(text.join('\n').match(/1\.23e-9/g)).toHaveLength(many);
    expect(text.join('\n')).toContain(' AD ');
  });
});

describe('diffText', () => {
  const nothing = { config: [], code: [], packages: [], data: [], machine: [], untold: [] };
  const diff = (changes: Partial<RunDiffDocument>): RunDiffDocument => ({
    ...{ from: summary('words-a'), to: summary('words-b'), equalStateHash: true, ...nothing },
    ...changes,
  });

  it('says that nothing differs, and whether the result does', () => {
    expect(lines(diffText(diff({})))).toEqual([
      'Nothing differs between words-a and words-b: run file, code, packages, data and machine are the same.',
      `The state hash is the same: ${'a'.repeat(64)}`,
    ]);
    const to = summary('words-b', { stateHash: 'b'.repeat(64), step: 90 });
    expect(lines(diffText(diff({ to, equalStateHash: false }))).at(-1)).toBe(
      `The state hash differs: ${'a'.repeat(16)} (step 100), ${'b'.repeat(16)} (step 90)`,
    );
  });

  it('shows both sides of what differs', () => {
    const document = diff({
      ...{ to: summary('words-b', { stateHash: null }), equalStateHash: null },
      config: [{ field: 'clip', from: null, to: { globalNorm: 1 } }],
      data: [{ field: 'data.spell.train.sha256', from: 'c'.repeat(64), to: 'd'.repeat(64) }],
    });
    expect(lines(diffText(document))).toEqual([
      'run file | words-a | words-b',
      'clip | – | {"globalNorm":1}',
      'data | words-a | words-b',
      'data.spell.train.sha256 | cccccccccccc | dddddddddddd',
      'No difference in: code, packages, machine',
      'The state hash cannot be compared: words-b has none yet',
    ]);
  });

  it('does not claim equality of what nobody has told', () => {
    expect(lines(diffText(diff({ untold: ['words-b'] })))).toEqual([
      'No difference in: run file',
      'No worker has told of words-b what it was made of; code, packages, data and machine are not compared.',
      `The state hash is the same: ${'a'.repeat(64)}`,
    ]);
  });
});

it('shows the best runs with what the metric was at last', () => {
  const document: BestRunsDocument = {
    ...{ metric: 'spell.validation.loss', direction: 'min' },
    runs: [{ ...summary('words-a'), value: 0.125, last: null, lastStep: 90 }],
  };
  expect(lines(bestRunsText(document)).slice(0, 2)).toEqual([
    'spell.validation.loss, of which less is better:',
    'run | least | last | at step | state | created',
  ]);
  expect(lines(bestRunsText(document))[2]).toMatch(/^words-a \| 0\.125 \| not finite \| 90 \| finished \| /);
});

describe('lineageText', () => {
  const lone: RunLineageDocument = {
    run: 'words-a',
    ancestors: [],
    descendants: [],
    more: false,
    files: {},
    facts: [],
  };

  it('draws both branches, each run under the one that it was reached from', () => {
    const link = { relation: 'fork' as const, state: 'finished' as const };
    const text = lineageText({
      ...lone,
      ancestors: [{ ...link, run: 'root', of: 'words-a', step: 20, distance: 1, state: null }],
      descendants: [
        { ...link, run: 'child', of: 'words-a', step: 10, distance: 1 },
        { ...link, run: 'other', of: 'words-a', relation: 'init', step: null, distance: 1 },
        { ...link, run: 'grandchild', of: 'child', step: 30, distance: 2 },
      ],
      files: { 'a.tsv': `data/${'e'.repeat(64)}` },
      facts: [{ attempt: 1, generation: 1, member: 0, key: 'commit', value: 'c0ffee' }],
    });
    expect(stripVTControlCharacters(text).split('\n').slice(0, 7)).toEqual([
      'Comes from',
      '  root  fork, whole state of step 20; gone',
      '',
      'Led to',
      '  child  fork, whole state of step 10; finished',
      '    grandchild  fork, whole state of step 30; finished',
      '  other  init, parameters of newest checkpoint; finished',
    ]);
    expect(lines(text).slice(6)).toEqual([
      'Uploaded files',
      'path | bytes',
      'a.tsv | data/eeeeeeeeeeee',
      expect.stringMatching(/^Lineage/),
      'what | value',
      'commit | c0ffee',
    ]);
  });

  it('says so where there is nothing', () => {
    expect(lines(lineageText(lone))).toEqual([
      'Run words-a was launched by itself, and no run was forked from it or begins with its parameters.',
      'No worker has told yet what it was made of: it has not trained.',
    ]);
  });
});
