import { runFileSchema } from '@tributary/config';
import type { RunId } from '@tributary/protocol';
import { createRun, writeRecords } from '@tributary/run-store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiInstallation } from '../support/api-installation.js';

let here: ApiInstallation;
beforeAll(async () => {
  here = await ApiInstallation.open();
  await trained('words-a', 0.001, 0.5);
  await trained('words-b', 0.01, 0.25);
});
afterAll(() => here.close());

async function trained(name: string, learningRate: number, loss: number): Promise<void> {
  const run = name as RunId;
  const spec = runFileSchema.parse({
    experiment: 'words',
    tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
    optimizer: { kind: 'adam', learningRate },
    budget: { steps: 10 },
  });
  await createRun(here.db, { run, experiment: 'words', spec, files: {} });
  const base = { run, attempt: 1, generation: 1, member: 0 };
  const point = { subject: 'task:spell', series: 'validation.loss', step: 10, value: loss } as const;
  await writeRecords(here.db, [
    { ...base, kind: 'points', points: [point], timings: [], tokens: 0 },
    { ...base, kind: 'lineage', entries: { commit: name } },
  ]);
}

/** What the tool prints for programs, and the status with which it ends. */
async function json(...args: string[]): Promise<unknown> {
  const { code, stdout } = await here.cli(['runs', ...args, '--json']);
  return [code, JSON.parse(stdout)];
}

it('compares, diffs and ranks runs, and tells their lineage', async () => {
  expect(await json('compare', 'words-a', 'words-b')).toMatchObject([
    0,
    {
      params: [{ key: 'optimizer.learningRate', values: ['0.001', '0.01'] }],
      metrics: [{ metric: 'spell.validation.loss', best: [1] }],
      by: 'last',
    },
  ]);
  expect(await json('diff', 'words-a', 'words-b')).toMatchObject([
    0,
    {
      config: [{ field: 'optimizer.learningRate', from: 0.001, to: 0.01 }],
      code: [{ field: 'commit', from: 'words-a', to: 'words-b' }],
    },
  ]);
  expect(await json('best', 'spell.validation.loss', '--filter', "state = 'queued'")).toMatchObject([
    0,
    { direction: 'min', runs: [{ run: 'words-b', value: 0.25 }] },
  ]);
  expect(await json('lineage', 'words-a')).toMatchObject([
    0,
    { ancestors: [], descendants: [], facts: [{ key: 'commit', value: 'words-a' }] },
  ]);
  const { stdout } = await here.cli(['runs', 'compare', 'words-b', 'words-a']);
  expect(stdout).toMatch(/spell\.validation\.loss ↓ +0\.25\* +0\.5\n/);
});

it('refuses what cannot be compared in a sentence', async () => {
  expect(await json('compare', 'words-a')).toMatchObject([2, { code: 'DATA_INVALID' }]);
  expect(await json('diff', 'words-a', 'none')).toMatchObject([1, { code: 'RUN_NOT_FOUND' }]);
  expect(await json('best', 'spell.validation.loss', '--filter', 'loss <')).toMatchObject([
    2,
    { code: 'FILTER_INVALID' },
  ]);
  expect(await json('best', 'los')).toMatchObject([2, { code: 'METRIC_NOT_FOUND' }]);
  expect((await here.cli(['runs', 'compare', 'words-a', 'words-b', '--by', 'first'])).code).toBe(2);
});
