import type { ForkReplyDocument, RunDocument } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent } from './support/agents.js';
import { runCli } from './support/api-installation.js';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';

const files = { 'reverse.jsonl': fastFiles['reverse.jsonl'], 'double.jsonl': fastFiles['double.jsonl'] };
/** Long enough that there is time to ask for a pause in the middle, whatever the machine. */
const spec = {
  ...fastRun,
  workers: { max: 1 },
  checkpoints: { every: 25, keep: 10 },
  evaluation: { every: 1000 },
  budget: { steps: 200 },
};

describe('a run that is paused, resumed and forked', () => {
  let installation: Installation;
  let undisturbed: RunDocument;

  beforeAll(async () => {
    installation = await openInstallation(['a']);
    undisturbed = await installation.untilRest(await installation.launch(spec, files));
    expect(undisturbed).toMatchObject({ state: 'finished', step: 200 });
  }, 120_000);
  afterAll(() => installation.close());

  const leases = () => installation.db.selectFrom('leases').selectAll().where('releasedAt', 'is', null).execute();

  it('gives its workers back when it is paused, and comes to the same state on another', async () => {
    const run = await installation.launch({ ...spec, experiment: 'paused' }, files);
    let asked = false;
    const paused = await installation.untilRest(run, async (step) => {
      if (asked || step < 20) return;
      asked = true;
      await installation.call('POST', `/runs/${run}/pause`);
    });
    expect(paused).toMatchObject({ state: 'paused', attempt: 1 });
    expect(paused.step).toBeGreaterThanOrEqual(20);
    expect(paused.step).toBeLessThan(200);
    expect(paused.checkpoints[0]?.step).toBe(paused.step);
    expect(await leases()).toEqual([]);

    // Another worker in place of the one that it had.
    const { connection, servers, namespace, agents } = installation;
    agents.set('b', await startAgent(connection, { worker: 'b', namespace, servers }));
    await agents.get('a')?.kill('SIGTERM');
    agents.delete('a');
    await installation.call('POST', `/runs/${run}/resume`, {});
    const resumed = await installation.untilRest(run);
    expect(resumed).toMatchObject({ state: 'finished', attempt: 2, stateHash: undisturbed.stateHash });
    const last = resumed.generations.at(-1);
    expect(last).toMatchObject({ attempt: 2, resumeStep: paused.step });
    expect(last?.members.map(({ worker }) => worker as string)).toEqual(['b']);
  }, 120_000);

  it('forks: without a change to the same state, with one to another', async () => {
    const fork = (body: unknown) => installation.call<ForkReplyDocument>('POST', `/runs/${undisturbed.run}/fork`, body);
    const same = await fork({ step: 100 });
    const other = await fork({ step: 100, set: { 'optimizer.learningRate': 0.02 } });
    const [first, second] = await Promise.all([same, other].map(({ run }) => installation.untilRest(run)));
    expect(first).toMatchObject({
      ...{ state: 'finished', step: 200, stateHash: undisturbed.stateHash },
      parent: { run: undisturbed.run, step: 100 },
    });
    expect(first?.generations[0]).toMatchObject({ generation: 1, resumeStep: 100 });
    expect(first?.series.find(({ series }) => series === 'train.loss')).toMatchObject({ firstStep: 101, count: 100 });
    expect(second).toMatchObject({ state: 'finished', step: 200, parent: { step: 100 } });
    expect(second?.stateHash).not.toBe(undisturbed.stateHash);
    expect((await installation.show(undisturbed.run)).children.map(({ run }) => run)).toEqual([same.run, other.run]);
  }, 120_000);

  it('goes on where it had finished, with a larger budget, as if it had been given it at first', async () => {
    const fork = await installation.call<ForkReplyDocument>('POST', `/runs/${undisturbed.run}/fork`, {
      step: 175,
      set: { 'budget.steps': 225 },
    });
    const wanted = await installation.untilRest(fork.run);
    await installation.call('POST', `/runs/${undisturbed.run}/resume`, { steps: 225 });
    const extended = await installation.untilRest(undisturbed.run);
    expect(extended).toMatchObject({ state: 'finished', step: 225, targetSteps: 225, attempt: 2 });
    expect(extended.stateHash).toBe(wanted.stateHash);
    expect(extended.divergences.total).toBe(0);
  }, 120_000);

  it('is led by the command line from fork to verified checkpoints', async () => {
    const cli = (...args: string[]) => runCli(args, installation.cliEnv);
    const forked = await cli('fork', undisturbed.run, '--step', '175', '--steps', '200', '--watch');
    expect(forked).toMatchObject({ code: 0, stderr: '' });
    expect(forked.stdout).toContain(`forked from ${undisturbed.run} at step 175`);
    expect(forked.stdout).toContain(`State hash ${undisturbed.stateHash}`);
    const verified = await cli('checkpoints', 'verify', undisturbed.run);
    expect(verified.code).toBe(0);
    expect(verified.stdout.match(/^Step \d+ intact/gm)).toHaveLength(9);
    const pruned = await cli('checkpoints', 'prune', undisturbed.run, '--keep', '2');
    expect(pruned.stdout).toContain('deleted the checkpoints of steps 25, 50, 75, 100, 125, 150, 175');
    expect((await installation.show(undisturbed.run)).checkpoints.map(({ step }) => step)).toEqual([225, 200]);
  }, 120_000);
});
