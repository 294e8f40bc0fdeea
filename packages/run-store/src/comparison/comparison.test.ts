import { type RunFileInput, runFileSchema } from '@tributary/config';
import { parseFilter } from '@tributary/filter';
import type { Point, RunId } from '@tributary/protocol';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import {
  bestRuns,
  compareRuns,
  createRun,
  diffRuns,
  endAttempt,
  familyOf,
  setArchived,
  setRunState,
  startAttempt,
  writeRecords,
} from '../index.js';
import { testDatabase } from '../test-database.fixture.js';

const { db } = await testDatabase();

interface Recorded {
  /** Of `spell`, from step 1 on. */
  readonly losses?: readonly number[];
  readonly accuracies?: readonly number[];
  readonly lineage?: readonly Readonly<Record<string, string>>[];
  readonly stateHash?: string;
  readonly parent?: { readonly run: string; readonly step: number };
  readonly files?: Readonly<Record<string, string>>;
}

async function recorded(name: string, changes: Partial<RunFileInput> = {}, what: Recorded = {}): Promise<RunId> {
  const run = name as RunId;
  const spec = runFileSchema.parse({
    experiment: 'words',
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
    budget: { steps: 100 },
    ...changes,
  });
  const { losses = [], accuracies = [], lineage = [], stateHash, parent, files = {} } = what;
  await createRun(db, { run, experiment: spec.experiment, spec, files, ...(parent === undefined ? {} : { parent }) });
  const point = (series: string) => (value: number, index: number) =>
    ({ subject: 'task:spell', series, step: index + 1, value }) satisfies Point;
  const base = { run, attempt: 1, generation: 1 };
  await writeRecords(db, [
    {
      ...{ ...base, member: 0, kind: 'points', tokens: 0, timings: [] },
      points: [...losses.map(point('validation.loss')), ...accuracies.map(point('validation.token_accuracy'))],
    },
    ...lineage.map((entries, member) => ({ ...base, member, kind: 'lineage' as const, entries })),
  ]);
  if (stateHash !== undefined) await db.updateTable('runs').set({ stateHash }).where('run', '=', run).execute();
  return run;
}

describe('compareRuns', () => {
  it('gives the fields and metrics that differ, side by side, and how many do not', async () => {
    const a = await recorded('plain-a', {}, { losses: [3, 2, 2.5], accuracies: [0.5] });
    const b = await recorded(
      'plain-b',
      { optimizer: { kind: 'adam', learningRate: 0.01 } },
      { losses: [3, 1, 2.75], accuracies: [0.5] },
    );
    const c = await recorded('plain-c', { budget: { steps: 100, time: '2h' }, note: 'third' }, { losses: [3, 2, 2.5] });
    const { params, metrics, equal, equalStateHash, runs } = await compareRuns(db, [b, a, c]);
    expect(params).toEqual([
      { key: 'budget.time', values: [null, null, '2h'] },
      { key: 'optimizer.learningRate', values: ['0.01', '0.001', '0.001'] },
    ]);
    expect(metrics).toEqual([
      {
        ...{ metric: 'spell.validation.loss', kind: 'point', direction: 'min', best: [1, 2] },
        values: [
          { count: 3, last: 2.75, lastStep: 3, min: 1, max: 3 },
          { count: 3, last: 2.5, lastStep: 3, min: 2, max: 3 },
          { count: 3, last: 2.5, lastStep: 3, min: 2, max: 3 },
        ],
      },
      {
        ...{ metric: 'spell.validation.token_accuracy', kind: 'point', direction: 'max', best: [] },
        values: [{ count: 1, last: 0.5, lastStep: 1, min: 0.5, max: 0.5 }, expect.anything(), null],
      },
    ]);
    expect(equal.params).toBeGreaterThan(10);
    expect(equal.metrics).toBe(0);
    expect([equalStateHash, runs.map(({ run }) => run)]).toEqual([null, [b, a, c]]);
    const byBest = await compareRuns(db, [b, a], { by: 'best', all: true });
    expect(byBest.metrics.map(({ best }) => best)).toEqual([[0], []]);
    expect(byBest.equal).toEqual({ params: 0, metrics: 0 });
    expect(byBest.params.length).toBeGreaterThan(10);
  });

  it('judges neither NaN nor what is neither good nor bad', async () => {
    const a = await recorded('nan-a', {}, { losses: [Number.NaN] });
    const b = await recorded('nan-b', {}, { losses: [2] });
    const rate = (run: RunId, value: number) =>
      writeRecords(db, [
        {
          ...{ run, attempt: 1, generation: 1, member: 0, kind: 'points', tokens: 0, timings: [] },
          points: [{ subject: 'run', series: 'learning_rate', step: 1, value }],
        },
      ]);
    await rate(a, 1);
    await rate(b, 2);
    const { metrics } = await compareRuns(db, [a, b]);
    expect(metrics.map(({ metric, direction, best }) => [metric, direction, best])).toEqual([
      ['learning_rate', null, []],
      ['spell.validation.loss', 'min', []],
    ]);
    expect(metrics[1]?.values[0]).toMatchObject({ last: Number.NaN, min: null });
  });

  it('adds the time of all attempts, and says whether results are equal bit for bit', async () => {
    const a = await recorded('timed-a', {}, { stateHash: 'h' });
    const b = await recorded('timed-b', {}, { stateHash: 'h' });
    for (let attempt = 1; attempt <= 2; attempt++) {
      await startAttempt(db, a);
      await setRunState(db, a, { state: 'running', reason: null });
      await endAttempt(db, a, attempt, { state: 'paused', reason: null });
      await db
        .updateTable('attempts')
        .set({ startedAt: sql<Date>`ended_at - interval '90 seconds'` })
        .where('run', '=', a)
        .where('attempt', '=', attempt)
        .execute();
    }
    const { runs, equalStateHash, params, metrics } = await compareRuns(db, [a, b]);
    expect(runs.map(({ seconds }) => seconds)).toEqual([180, null]);
    expect([equalStateHash, params, metrics]).toEqual([true, [], []]);
  });

  it.each([
    [['plain-a'], 'needs at least two runs'],
    [['plain-a', 'plain-b', 'plain-a'], '"plain-a" is named twice'],
    [Array.from({ length: 101 }, (_, index) => `r${index}`), 'at most 100'],
    [['plain-a', 'no-such'], 'no run "no-such"'],
  ])('refuses runs of which one is missing, alone, repeated or too many (%#)', async (runs, message) => {
    await expect(compareRuns(db, runs)).rejects.toThrow(message);
  });
});

describe('diffRuns', () => {
  const facts = {
    commit: 'c1',
    node: 'v20',
    'package.x': '1',
    'data.spell.train.sha256': 'd1',
    device: 'cpu',
    worker: 'w1',
    seed: '1',
  };

  it('says what differs, by kind', async () => {
    const a = await recorded(
      'diff-a',
      {},
      { lineage: [facts], files: { 'a.tsv': 'data/1', 'b.tsv': 'data/2' }, stateHash: 'h1' },
    );
    const b = await recorded(
      'diff-b',
      { seed: 2, optimizer: { kind: 'sgd', learningRate: 0.001 } },
      {
        lineage: [
          { ...facts, commit: 'c2-dirty', node: 'v22', 'data.spell.train.sha256': 'd2', device: 'gpu:0', seed: '2' },
          { ...facts, commit: 'c2-dirty', node: 'v22', 'data.spell.train.sha256': 'd2', worker: 'w2', seed: '2' },
        ],
        files: { 'a.tsv': 'data/1', 'b.tsv': 'data/3' },
        stateHash: 'h2',
      },
    );
    const { config, from, to, ...diff } = await diffRuns(db, a, b);
    expect(config).toContainEqual({ field: 'optimizer.kind', from: 'adam', to: 'sgd' });
    expect(config).toContainEqual({ field: 'seed', from: 1, to: 2 });
    expect([from.run, to.run]).toEqual([a, b]);
    expect(diff).toEqual({
      equalStateHash: false,
      code: [{ field: 'commit', from: 'c1', to: 'c2-dirty' }],
      packages: [{ field: 'node', from: 'v20', to: 'v22' }],
      data: [
        { field: 'file b.tsv', from: 'data/2', to: 'data/3' },
        { field: 'data.spell.train.sha256', from: 'd1', to: 'd2' },
      ],
      machine: [{ field: 'device', from: 'cpu', to: 'cpu, gpu:0' }],
      untold: [],
    });
  });

  it('finds nothing where only names, workers and lanes are others', async () => {
    const a = await recorded('same-a', {}, { lineage: [facts], stateHash: 'h' });
    const b = await recorded(
      'same-b',
      { note: 'again', tags: { of: 'same-a' } },
      { lineage: [{ ...facts, worker: 'w7' }, facts], stateHash: 'h' },
    );
    expect(await diffRuns(db, a, b)).toMatchObject({
      ...{ config: [], code: [], packages: [], data: [], machine: [], untold: [], equalStateHash: true },
    });
  });

  it('compares no facts with a run that has told none', async () => {
    const a = await recorded('told', {}, { lineage: [facts] });
    const b = await recorded('untold', { seed: 3 });
    expect(await diffRuns(db, a, b)).toMatchObject({
      ...{ config: [{ field: 'seed' }], code: [], machine: [], untold: ['untold'], equalStateHash: null },
    });
  });
});

describe('bestRuns', () => {
  it('goes by the direction of the metric, then by age, and leaves out archived runs', async () => {
    const experiment = 'best';
    const one = await recorded('best-1', { experiment }, { losses: [0.25, 0.75], accuracies: [0.5] });
    const two = await recorded('best-2', { experiment }, { losses: [0.25], accuracies: [0.75, 0.25] });
    const three = await recorded('best-3', { experiment }, { losses: [Number.NaN], accuracies: [0.75] });
    const gone = await recorded('best-4', { experiment }, { losses: [0], accuracies: [1] });
    await setArchived(db, [gone], true);
    const names = async (metric: string) => {
      const { direction, runs } = await bestRuns(db, metric, { experiment, limit: 9 });
      return [direction, ...runs.map(({ run, value }) => [run, value])];
    };
    expect(await names('spell.validation.loss')).toEqual(['min', [one, 0.25], [two, 0.25]]);
    expect(await names('spell.validation.token_accuracy')).toEqual(['max', [two, 0.75], [three, 0.75], [one, 0.5]]);
    const { runs } = await bestRuns(db, 'spell.validation.loss', { experiment });
    expect(runs).toMatchObject([{ run: one, value: 0.25, last: 0.75, lastStep: 2 }]);
    expect((await bestRuns(db, 'spell.validation.loss', { experiment: 'none' })).runs).toEqual([]);
    const best = async (filter: string) =>
      (await bestRuns(db, 'spell.validation.loss', { filter: parseFilter(filter) })).runs.map(({ run }) => run);
    expect(await best("experiment = 'best' and metrics.spell.validation.token_accuracy < 0.5")).toEqual([two]);
    expect(await best("experiment = 'best' and archived = true")).toEqual([gone]);
  });

  it('names the metrics there are instead of an unknown one', async () => {
    await recorded('metric-names', {}, { losses: [1] });
    await expect(bestRuns(db, 'spell.los')).rejects.toMatchObject({
      code: 'METRIC_NOT_FOUND',
      message: expect.stringMatching(/^No run has a metric "spell.los"; there are .*spell\.validation\.loss/),
    });
  });
});

describe('familyOf', () => {
  it('follows forks and initial values both ways', async () => {
    const root = await recorded('root');
    const child = await recorded('child', {}, { parent: { run: root, step: 20 } });
    const grandchild = await recorded('grandchild', { init: { from: { run: child, step: 40 } } });
    const late = await recorded(
      'late',
      { init: { from: { run: child } } },
      { parent: { run: 'purged-long-ago', step: 5 } },
    );
    const links = (
      relatives: readonly {
        run: string;
        relation: string;
        of: string;
        step: number | null;
        distance: number;
        state: string | null;
      }[],
    ) => relatives.map(({ run, relation, of, step, distance, state }) => [run, relation, of, step, distance, state]);
    const family = await familyOf(db, child);
    expect([links(family.ancestors), links(family.descendants), family.more]).toEqual([
      [[root, 'fork', child, 20, 1, 'queued']],
      [
        [grandchild, 'init', child, 40, 1, 'queued'],
        [late, 'init', child, null, 1, 'queued'],
      ],
      false,
    ]);
    expect(links((await familyOf(db, root)).descendants)).toEqual([
      [child, 'fork', root, 20, 1, 'queued'],
      [grandchild, 'init', child, 40, 2, 'queued'],
      [late, 'init', child, null, 2, 'queued'],
    ]);
    expect(links((await familyOf(db, late)).ancestors)).toEqual([
      [child, 'init', late, null, 1, 'queued'],
      ['purged-long-ago', 'fork', late, 5, 1, null],
      [root, 'fork', child, 20, 2, 'queued'],
    ]);
  });
});
