import { runFileSchema } from '@tributary/config';
import type { RunId, RunRecord, StepMatrix } from '@tributary/protocol';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { conflicts, countDivergences, createRun, divergencesOf, writeRecords } from './index.js';
import { testDatabase } from './test-database.fixture.js';

const tasks = ['pronounce', 'spell', 'stress'];
const specOf = (names: readonly string[]) =>
  runFileSchema.parse({
    experiment: 'matrices',
    tasks: names.map((name) => ({ name, data: { source: 'words', kind: 'spell' } })),
    budget: { steps: 1 },
  });

const { db } = await testDatabase();
let run: RunId;
let serial = 0;

beforeEach(async () => {
  serial += 1;
  run = `matrices-${serial}` as RunId;
  await createRun(db, { run, experiment: 'matrices', spec: specOf(tasks), files: {} });
});

const recordOf = (matrices: readonly StepMatrix[], generation = 1): RunRecord => ({
  ...{ run, attempt: 1, generation, member: 0 },
  kind: 'matrices',
  matrices,
});
const none = { inserted: 0, duplicates: 0, unknown: 0, unknownRuns: [], diverged: [] };

/** The same numbers each time, in [-1, 1). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 1_073_741_824 - 1;
  };
}

interface Drawn {
  readonly step: number;
  readonly group: string;
  /** Gradients by task; absent tasks are not there. */
  readonly gradients: ReadonlyMap<number, readonly number[]>;
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

function matrixOf({ step, group, gradients }: Drawn): StepMatrix {
  const present = [...gradients.keys()];
  const gram = present.flatMap((task, row) =>
    present.slice(row).map((other) => dot(gradients.get(task) ?? [], gradients.get(other) ?? [])),
  );
  return { group, step, tasks: present, gram, coefficients: present.map(() => 1 / present.length) };
}

/** Random gradients of every step and group; a task may be absent, or its gradient zero. */
function draw(steps: readonly number[], groups: readonly string[], seed: number): Drawn[] {
  const next = numbers(seed);
  return steps.flatMap((step) => {
    const present = tasks.map((_, task) => task).filter((task) => step % 5 !== 0 || task !== 1);
    const zero = step % 7 === 0;
    return groups.map((group) => ({
      step,
      group,
      gradients: new Map(
        present.map((task) => [task, Array.from({ length: 4 }, () => (zero && task === 2 ? 0 : next() + 0.1 * task))]),
      ),
    }));
  });
}

/** What the query should find, by vectors and loops alone. */
function expected(drawn: readonly Drawn[], task: number, other: number) {
  const bySteps = new Map<number, [number[], number[]]>();
  for (const { step, gradients } of drawn) {
    const [one, two] = [gradients.get(task), gradients.get(other)];
    if (!one || !two) continue;
    const [before, beforeOther] = bySteps.get(step) ?? [[], []];
    bySteps.set(step, [before.concat(one), beforeOther.concat(two)]);
  }
  const cosines = [...bySteps.values()].flatMap(([one, two]) => {
    const norms = Math.sqrt(dot(one, one)) * Math.sqrt(dot(two, two));
    return norms === 0 ? [] : [dot(one, two) / norms];
  });
  const steps = cosines.length;
  if (steps === 0) return { steps, meanCosine: null, minCosine: null, conflictShare: null };
  return {
    steps,
    meanCosine: expect.closeTo(cosines.reduce((sum, each) => sum + each, 0) / steps, 12),
    minCosine: expect.closeTo(Math.min(...cosines), 12),
    conflictShare: expect.closeTo(cosines.filter((each) => each < 0).length / steps, 12),
  };
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('writing matrices', () => {
  it('keeps every float64 once, however often the batch comes', async () => {
    const special = [0.1 + 0.2, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324];
    const batch = [
      recordOf([
        { group: 'all', step: 1, tasks: [0, 1, 2], gram: special, coefficients: [1, Number.NaN, -0] },
        { group: 'all', step: 2, tasks: [0, 2], gram: [1, 2, 3], coefficients: [0.5, 0.5] },
      ]),
    ];
    expect(await writeRecords(db, batch)).toEqual({ ...none, inserted: 2 });
    expect(await writeRecords(db, batch)).toEqual({ ...none, duplicates: 2 });
    const stored = await db
      .selectFrom('gramMatrices')
      .innerJoin('matrixGroups', 'matrixGroups.id', 'groupId')
      .select(['name', 'step', 'tasks', 'gram', 'coefficients'])
      .where('run', '=', run)
      .orderBy('step')
      .execute();
    expect(stored).toStrictEqual([
      { name: 'all', step: 1, tasks: null, gram: special, coefficients: [1, Number.NaN, -0] },
      { name: 'all', step: 2, tasks: [0, 2], gram: [1, 2, 3], coefficients: [0.5, 0.5] },
    ]);
  });

  it('keeps the first of two differing matrices and tells where the other first differs', async () => {
    const matrix = (step: number, changes: Partial<StepMatrix> = {}): StepMatrix => ({
      ...{
        group: 'all',
        step,
        tasks: [0, 1, 2],
        gram: [1, 0, -0.5, 2, 0.25, Number.NaN],
        coefficients: [0.5, 0.25, 0.25],
      },
      ...changes,
    });
    await writeRecords(db, [recordOf([1, 2, 3, 4, 5].map((step) => matrix(step)))]);
    const redone = recordOf(
      [
        matrix(1),
        matrix(2, { gram: [1, -0, -0.25, 2, 0.25, Number.NaN] }),
        matrix(3, { coefficients: [0.5, 0.25, 0.25000000000000006] }),
        matrix(4, { tasks: [0, 2], gram: [1, -0.5, 2], coefficients: [0.5, 0.5] }),
        matrix(5, { gram: [1, 0, -0.5, 2, 0.25, 7] }),
        matrix(6),
      ],
      2,
    );
    const result = await writeRecords(db, [redone]);
    expect(result).toMatchObject({ inserted: 1, duplicates: 5 });
    const base = { run, subject: 'run', generation: 2, attempt: 1 };
    expect(result.diverged).toStrictEqual([
      { ...base, step: 2, series: 'gram.all[pronounce,spell]', recorded: 0, redone: -0 },
      { ...base, step: 3, series: 'coefficient.all[stress]', recorded: 0.25, redone: 0.25000000000000006 },
      { ...base, step: 4, series: 'present.all[spell]', recorded: 1, redone: 0 },
      { ...base, step: 5, series: 'gram.all[stress,stress]', recorded: Number.NaN, redone: 7 },
    ]);
    await writeRecords(db, [redone]);
    expect(await countDivergences(db, run)).toBe(4);
    expect(await divergencesOf(db, run, 2)).toMatchObject([
      { step: 2, recorded: '0', redone: '-0' },
      { step: 3, recorded: '0.25', redone: '0.25000000000000006' },
    ]);
    // The recorded ones stay: 0 of 2 pronounce-spell cosines is below 0.
    expect((await conflicts(db, run)).pairs[0]).toMatchObject({
      task: 'pronounce',
      other: 'spell',
      steps: 6,
      minCosine: 0,
    });
  });

  it('finds two differing matrices in one batch, and drops those of unknown runs', async () => {
    const one: StepMatrix = { group: 'all', step: 1, tasks: [0, 1], gram: [1, 0, 1], coefficients: [1, 1] };
    const result = await writeRecords(db, [
      recordOf([one]),
      recordOf([{ ...one, gram: [1, 0.5, 1] }], 2),
      { ...recordOf([one, one]), run: 'gone' as RunId },
    ]);
    expect(result).toMatchObject({
      ...{ inserted: 1, duplicates: 1, unknown: 2, unknownRuns: ['gone'] },
      diverged: [{ series: 'gram.all[pronounce,spell]', recorded: 0, redone: 0.5, generation: 2 }],
    });
  });

  it('takes no more room than its numbers need', async () => {
    await writeRecords(db, [recordOf(draw(upTo(1), ['all'], 1).map(matrixOf))]);
    const { rows } = await sql<{
      bytes: number;
    }>`select max(pg_column_size(m.*)) as bytes from gram_matrices m`.execute(db);
    // 24 of a row's head, 12 of the key, two short arrays of 21 and 8 a number, and padding.
    expect(rows[0]?.bytes).toBeLessThanOrEqual(24 + 12 + 2 * 21 + 9 * 8 + 8);
  });
});

describe('conflicts', () => {
  const pairsOf = [
    ['pronounce', 'spell', 0, 1],
    ['pronounce', 'stress', 0, 2],
    ['spell', 'stress', 1, 2],
  ] as const;

  it('are what a plain computation finds, also over time, with absent tasks and zero gradients left out', async () => {
    const drawn = draw(upTo(103), ['all'], 7);
    await writeRecords(db, [recordOf(drawn.map(matrixOf))]);
    const found = await conflicts(db, run, { buckets: 10 });
    expect(found).toMatchObject({ groups: ['all'], group: null, from: 1, to: 103, steps: 103 });
    expect(found.buckets).toHaveLength(10);
    expect(found.buckets[0]).toEqual({ from: 1, to: 11 });
    expect(found.buckets.at(-1)).toEqual({ from: 94, to: 103 });
    expect(found.buckets.slice(1).map(({ from }) => from - 1)).toEqual(found.buckets.slice(0, -1).map(({ to }) => to));
    expect(found.pairs).toEqual(
      pairsOf.map(([task, other, one, two]) => ({
        ...{ task, other, ...expected(drawn, one, two) },
        over: found.buckets.map(({ from, to }) =>
          expected(
            drawn.filter(({ step }) => step >= from && step <= to),
            one,
            two,
          ),
        ),
      })),
    );
  });

  it('of several groups are those of the whole gradient, or of one group', async () => {
    const drawn = draw(upTo(40), ['embedding', 'encoder.0', 'encoder.1'], 3);
    await writeRecords(db, [recordOf(drawn.map(matrixOf))]);
    const all = await conflicts(db, run, { buckets: 1 });
    const one = await conflicts(db, run, { buckets: 1, group: 'encoder.0' });
    expect(all).toMatchObject({ groups: ['embedding', 'encoder.0', 'encoder.1'], group: null, steps: 40 });
    expect(one).toMatchObject({ groups: all.groups, group: 'encoder.0', steps: 40 });
    const ofGroup = drawn.filter(({ group }) => group === 'encoder.0');
    pairsOf.forEach(([, , first, second], index) => {
      expect(all.pairs[index]).toMatchObject(expected(drawn, first, second));
      expect(one.pairs[index]).toMatchObject(expected(ofGroup, first, second));
    });
    await expect(conflicts(db, run, { group: 'encoder.2' })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: `Run ${run} has no group "encoder.2"; it has embedding, encoder.0, encoder.1: name one of them, or none for all together.`,
    });
  });

  it('can be asked of some steps, and have no more buckets than steps', async () => {
    const drawn = draw(
      upTo(20).map((index) => index * 10),
      ['all'],
      5,
    );
    await writeRecords(db, [recordOf(drawn.map(matrixOf))]);
    const found = await conflicts(db, run, { from: 45, to: 90 });
    expect(found).toMatchObject({ from: 50, to: 90, steps: 5 });
    expect(found.buckets).toHaveLength(5);
    expect(found.pairs[1]).toMatchObject(
      expected(
        drawn.filter(({ step }) => step >= 45 && step <= 90),
        0,
        2,
      ),
    );
    await expect(conflicts(db, run, { from: 201 })).rejects.toMatchObject({
      code: 'NOT_RECORDED',
      message: `Run ${run} has no matrices from step 201 to its last; it has 20, from step 10 to 200.`,
    });
  });

  it('leave out what is not finite, and reach -1 and no further', async () => {
    const pair = (step: number, gram: readonly number[]): StepMatrix => ({
      ...{ group: 'all', step, tasks: [0, 1], gram, coefficients: [1, 1] },
    });
    await writeRecords(db, [
      recordOf([
        pair(1, [Number.NaN, 1, 1]),
        pair(2, [1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]),
        pair(3, [1, Number.NaN, 1]),
        pair(4, [5e-324, -5e-324, 5e-324]),
        pair(5, [0.1, -0.10000000000000002, 0.1]),
      ]),
    ]);
    expect((await conflicts(db, run, { buckets: 1 })).pairs[0]).toMatchObject({
      ...{ steps: 2, meanCosine: -1, minCosine: -1, conflictShare: 1 },
    });
  });

  it('are refused in a sentence for an unknown run, a run of one task, and a run without matrices', async () => {
    await expect(conflicts(db, 'no-such-run')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(conflicts(db, run)).rejects.toMatchObject({
      code: 'NOT_RECORDED',
      message: expect.stringContaining('no step yet'),
    });
    await createRun(db, { run: `${run}-lone` as RunId, experiment: 'matrices', spec: specOf(['spell']), files: {} });
    await expect(conflicts(db, `${run}-lone`)).rejects.toMatchObject({
      code: 'NOT_RECORDED',
      message: expect.stringContaining('the one task "spell"'),
    });
  });
});
