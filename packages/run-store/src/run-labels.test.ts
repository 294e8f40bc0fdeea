import { runFileSchema } from '@tributary/config';
import type { RunId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import {
  changeTags,
  createRun,
  endAttempt,
  longestParam,
  paramsOf,
  requireRun,
  runParams,
  searchRuns,
  setArchived,
  setNote,
  startAttempt,
  tagsOf,
} from './index.js';
import { testDatabase } from './test-database.fixture.js';

const { db } = await testDatabase();
const specOf = (changes: object = {}) =>
  runFileSchema.parse({
    experiment: 'labels',
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' }, weight: 0.25 }],
    optimizer: { kind: 'adam', learningRate: 1e-8 },
    budget: { steps: 100 },
    ...changes,
  });
let serial = 0;
async function newRun(changes: object = {}): Promise<RunId> {
  serial += 1;
  const run = `labels-${serial}` as RunId;
  await createRun(db, { run, experiment: 'labels', spec: specOf(changes), files: {} });
  return run;
}

describe('parameters', () => {
  it('are the leaves of the run file, numbers also as numbers', async () => {
    const params = new Map(runParams(specOf({ tags: { a: 'b' }, note: 'n' })).map((param) => [param.key, param]));
    expect(params.get('optimizer.learningRate')).toMatchObject({ value: '1e-8', number: 1e-8 });
    expect(params.get('tasks.spell.weight')).toMatchObject({ value: '0.25', number: 0.25 });
    expect(params.get('tasks.spell.data.kind')).toMatchObject({ value: 'spell', number: null });
    expect(params.get('model.encoder.bidirectional')).toMatchObject({ value: 'false', number: null });
    expect([...params.keys()].filter((key) => /^(tags|note)/.test(key))).toEqual([]);
  });

  it('go by place where names are missing or stand twice, and leave out what is empty', () => {
    const spec = {
      a: [
        { name: 'x', b: 1 },
        { name: 'x', b: 2 },
      ],
      c: [{ d: 3 }],
      e: null,
      f: {},
      g: [],
      h: ['p', 1],
    };
    expect(runParams(spec).map(({ key, value }) => `${key}=${value}`)).toEqual([
      ...['a.0.name=x', 'a.0.b=1', 'a.1.name=x', 'a.1.b=2'],
      'c.0.d=3',
      'h=["p",1]',
    ]);
  });

  it('are cut to what an index takes, between characters', async () => {
    const run = await newRun({
      tasks: [
        {
          name: 'own',
          data: { source: 'file', format: 'jsonl', path: `${'x'.repeat(longestParam - 1)}😀${'y'.repeat(9_000)}` },
        },
      ],
    });
    expect((await paramsOf(db, run))['tasks.own.data.path']).toBe('x'.repeat(longestParam - 1));
  });

  it('follow a budget that an attempt extends', async () => {
    const run = await newRun();
    const attempt = await startAttempt(db, run);
    await endAttempt(db, run, attempt, { state: 'cancelled', reason: null });
    await startAttempt(db, run, { steps: 700 });
    expect((await paramsOf(db, run))['budget.steps']).toBe('700');
  });
});

describe('tags and note', () => {
  it('begin as the run file has them, and change', async () => {
    const run = await newRun({ tags: { purpose: 'baseline', owner: 'a' }, note: 'first' });
    expect(await tagsOf(db, run)).toEqual({ owner: 'a', purpose: 'baseline' });
    expect((await requireRun(db, run)).note).toBe('first');
    const changed = { set: { owner: 'b', 'mlflow.note': '' }, remove: ['purpose', 'never-there'] };
    expect(await changeTags(db, run, changed)).toEqual({ 'mlflow.note': '', owner: 'b' });
    await setNote(db, run, null);
    expect((await requireRun(db, run)).note).toBeNull();
    await expect(changeTags(db, 'none', { set: { a: 'b' } })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(setNote(db, 'none', 'x')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('the archive', () => {
  it('takes runs out of lists, all of them or none', async () => {
    const [a, b] = [await newRun(), await newRun()];
    const listed = async () => (await searchRuns(db, { limit: 100 })).runs.map(({ run }) => run);
    await expect(setArchived(db, [a, 'none'], true)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await listed()).toEqual(expect.arrayContaining([a, b]));
    expect(await setArchived(db, [a, b], true)).toEqual([a, b]);
    expect(await setArchived(db, [a], true)).toEqual([]);
    expect(await listed()).not.toContain(a);
    expect((await requireRun(db, a)).archivedAt).toBeInstanceOf(Date);
    expect(await setArchived(db, [a], false)).toEqual([a]);
    expect(await listed()).toContain(a);
  });
});
