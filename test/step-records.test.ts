import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prometheusUrl, purge, type RunningStack, stackFoldersIn, startServers } from '@tributary/devstack';
import type { ConflictsDocument, RunDocument } from '@tributary/protocol';
import { history } from '@tributary/run-store';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Installation, openInstallation } from './support/installation.js';
import { smallRun } from './support/small-run.js';

/** Goes on until it is cancelled. */
const thinned = {
  ...smallRun,
  experiment: 'thinned',
  records: { every: 4 },
  evaluation: { every: 10, examples: 8 },
  checkpoints: { every: 1_000, keep: 1 },
  budget: { steps: 100_000 },
};
const names = smallRun.tasks.map(({ name }) => name);
const pairs = [
  ['pronounce', 'spell'],
  ['pronounce', 'stress'],
  ['spell', 'stress'],
] as const;
/** Prometheus passes on a new file of targets after at most 5 s and scrapes the target within the next 5 s. */
const patience = { timeout: 120_000, interval: 500 };
const report = (): void => {};

describe('a run on a whole installation', () => {
  let root: string;
  let stack: RunningStack;
  let installation: Installation;
  let run: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tributary-records-'));
    stack = await startServers(stackFoldersIn(root), { servers: ['prometheus'], report });
    vi.stubEnv('TRIBUTARY_TARGETS_DIR', stack.folders.targets);
    installation = await openInstallation(['a', 'b']);
    run = await installation.launch(thinned);
  }, 600_000);
  afterAll(async () => {
    await installation.close();
    await purge({ folders: stackFoldersIn(root), report });
    await rm(root, { recursive: true, force: true });
    vi.unstubAllEnvs();
  });

  async function query(expression: string): Promise<{ metric: Record<string, string>; value: number }[]> {
    const url = `${prometheusUrl(stack)}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { data } = (await (await fetch(url)).json()) as {
      data: { result: readonly { metric: Record<string, string>; value: readonly [number, string] }[] };
    };
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  it('shows in Prometheus the weights and cosines of its tasks, and what its exchange took beyond computing', async () => {
    await vi.waitFor(async () => {
      const weights = await query(`tributary_task_weight_ratio{run_id="${run}"}`);
      expect(weights.map(({ metric }) => metric.task).sort()).toEqual(names);
      // Weights 2, 1 and 0.5, divided by their sum.
      expect(new Map(weights.map(({ metric, value }) => [metric.task, value])).get('pronounce')).toBeCloseTo(4 / 7, 12);
    }, patience);
    const cosines = await query(`tributary_task_gradient_cosine{run_id="${run}"}`);
    expect(cosines.map(({ metric }) => [metric.task, metric.other]).sort()).toEqual(pairs);
    for (const { value } of cosines) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    await vi.waitFor(async () => {
      // Of both members.
      const exposed = await query('tributary_sync_exposed_seconds_count{experiment="thinned"}');
      expect(exposed.map(({ metric }) => metric.instance).sort()).toEqual(['a', 'b']);
      for (const { value } of exposed) expect(value).toBeGreaterThan(0);
    }, patience);
    expect(await query(`tributary_skipped_steps_total{run_id="${run}"}`)).toEqual([]);
    expect(await query(`tributary_nonfinite_steps_total{run_id="${run}"}`)).toEqual([]);
  }, 300_000);

  it('records the first step, every fourth, those with an evaluation and the last before it was cancelled', async () => {
    let asked = false;
    const document: RunDocument = await installation.untilRest(run, async (step) => {
      if (asked || step < 22) return;
      asked = true;
      await installation.call('POST', `/runs/${run}/cancel`, {});
    });
    expect(document.state).toBe('cancelled');
    const { step: last } = document;
    const expected = Array.from({ length: last }, (_, index) => index + 1).filter(
      (step) => step === 1 || step % 4 === 0 || step % 10 === 0 || step === last,
    );
    const stepsOf = async (...[subject, series, options]: [string, string, object?]): Promise<number[]> =>
      (await history(installation.db, run, subject as 'run', series, options)).map(({ step }) => step);
    for (const task of names)
      for (const series of ['train.loss', 'weight']) expect(await stepsOf(`task:${task}`, series)).toEqual(expected);
    for (const series of ['grad_norm', 'learning_rate']) expect(await stepsOf('run', series)).toEqual(expected);
    expect(await stepsOf('run', 'sync_exposed_seconds', { kind: 'timing' })).toEqual(expected);
    const rows = await installation.db
      .selectFrom('gramMatrices')
      .innerJoin('matrixGroups', 'matrixGroups.id', 'groupId')
      .select(['name', 'step', 'tasks', 'gram', 'coefficients'])
      .where('run', '=', run)
      .orderBy('step')
      .execute();
    expect(rows.map(({ name, step, tasks }) => [name, step, tasks])).toEqual(
      expected.map((step) => ['all', step, null]),
    );
    // The norm of the combined gradient follows from them: cᵀMc.
    const norms = await history(installation.db, run, 'run', 'grad_norm');
    rows.forEach(({ gram, coefficients: [a = 0, b = 0, c = 0] }, index) => {
      const [aa = 0, ab = 0, ac = 0, bb = 0, bc = 0, cc = 0] = gram;
      const squared = a * a * aa + b * b * bb + c * c * cc + 2 * (a * b * ab + a * c * ac + b * c * bc);
      expect(norms[index]?.value).toBeCloseTo(Math.sqrt(squared), 10);
    });
    expect(document.divergences.total).toBe(0);
  }, 300_000);

  it('has the answer to which tasks conflict', async () => {
    const found = await installation.call<ConflictsDocument>('GET', `/runs/${run}/conflicts?buckets=3`);
    expect(found).toMatchObject({ groups: ['all'], group: null, from: 1 });
    expect(found.pairs.map(({ task, other, steps }) => [task, other, steps])).toEqual(
      pairs.map(([task, other]) => [task, other, found.steps]),
    );
    for (const { meanCosine, minCosine, conflictShare } of found.pairs) {
      expect(Math.abs(meanCosine ?? 2)).toBeLessThanOrEqual(1);
      expect(minCosine).toBeLessThanOrEqual(meanCosine ?? -2);
      expect((minCosine ?? 1) < 0).toBe((conflictShare ?? 0) > 0);
    }
  });
});
