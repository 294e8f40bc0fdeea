import type { RunDocument } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';
import { smallRun } from './support/small-run.js';

/** Long enough that there is time to strike in the middle, whatever the machine. */
const longer = { ...smallRun, experiment: 'longer', checkpoints: { every: 20, keep: 10 }, budget: { steps: 80 } };

describe('a training run on a whole installation', () => {
  let installation: Installation;
  let undisturbed: RunDocument;

  beforeAll(async () => {
    installation = await openInstallation(['a', 'b', 'c']);
    undisturbed = await installation.untilRest(await installation.launch(longer));
  }, 300_000);
  afterAll(() => installation.close());

  it('finishes with results, samples, a checkpoint and its lineage', () => {
    expect(undisturbed).toMatchObject({ state: 'finished', step: 80, targetSteps: 80 });
    expect(undisturbed.stateHash).toMatch(/^[0-9a-f]{64}$/);
    expect(undisturbed.checkpoints.map(({ step }) => step)).toEqual([80, 60, 40, 20]);
    for (const task of undisturbed.tasks) {
      expect(task.results.loss).toBeGreaterThan(0);
      expect(Object.keys(task.results).length).toBeGreaterThan(1);
      expect(task.samples).toHaveLength(3);
    }
    const lineage = new Map(undisturbed.lineage.map(({ key, value }) => [key, value]));
    expect([...lineage.keys()].some((key) => key.endsWith('backend'))).toBe(true);
  });

  it('ends with the same state when it was cancelled and resumed', async () => {
    const run = await installation.launch({ ...longer, experiment: 'cancelled' });
    let asked = false;
    const cancelled = await installation.untilRest(run, async (step) => {
      if (asked || step < 30) return;
      asked = true;
      await installation.call('POST', `/runs/${run}/cancel`, {});
    });
    expect(cancelled.state).toBe('cancelled');
    expect(cancelled.step).toBeLessThan(80);
    expect(cancelled.checkpoints[0]?.step).toBe(cancelled.step);
    await installation.call('POST', `/runs/${run}/resume`, {});
    const resumed = await installation.untilRest(run);
    expect(resumed).toMatchObject({ state: 'finished', attempt: 2, stateHash: undisturbed.stateHash });
  }, 300_000);

  it('lets a run wait that would want more workers than are free', async () => {
    const both = { ...fastRun, workers: { min: 2, max: 2 } };
    const { 'reverse.jsonl': reverse, 'double.jsonl': double } = fastFiles;
    const files = { 'reverse.jsonl': reverse, 'double.jsonl': double };
    const runs = [
      await installation.launch({ ...both, experiment: 'first' }, files),
      await installation.launch({ ...both, experiment: 'second' }, files),
    ];
    const documents = await Promise.all(runs.map((run) => installation.untilRest(run)));
    expect(documents.map(({ state }) => state)).toEqual(['finished', 'finished']);
    const opened = (document: RunDocument) => Date.parse(document.generations[0]?.openedAt ?? '');
    const [first, second] = documents.sort((a, b) => opened(a) - opened(b)) as [RunDocument, RunDocument];
    expect(first.stateHash).toBe(second.stateHash);
    expect(opened(second)).toBeGreaterThanOrEqual(Date.parse(first.generations.at(-1)?.endedAt ?? ''));
  }, 300_000);

  // Last: the worker stays away.
  it('goes on without a worker whose agent is killed, to the same state', async () => {
    const run = await installation.launch({ ...longer, experiment: 'agent-killed' });
    let killed = false;
    const document = await installation.untilRest(run, async (step) => {
      if (killed || step < 25) return;
      killed = true;
      await installation.agents.get('c')?.kill('SIGKILL');
    });
    expect(killed).toBe(true);
    expect(document).toMatchObject({ state: 'finished', stateHash: undisturbed.stateHash });
    const workers = document.generations.at(-1)?.members.map(({ worker }) => worker as string);
    expect(workers?.sort()).toEqual(['a', 'b']);
  }, 300_000);
});
