import type { RunFileInput } from '@tributary/config';
import type { LedgerDocument, RunId, VerificationDocument } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './support/api-installation.js';
import { fastFiles, fastRun } from './support/fast-run.js';
import { type Installation, openInstallation } from './support/installation.js';

/** With a schedule that depends on the budget, and residuals beside moments. */
const verified = {
  ...fastRun,
  experiment: 'verified',
  schedule: { kind: 'warmup-cosine', warmupSteps: 2 },
  snapshots: { every: 3 },
  sync: { strategy: 'all-reduce', codec: 'int8' },
} satisfies RunFileInput;
const { 'reverse.jsonl': reverse, 'double.jsonl': double } = fastFiles;
const files = { 'reverse.jsonl': reverse, 'double.jsonl': double };

describe('verifying a run', () => {
  let installation: Installation;
  let run: RunId;

  beforeAll(async () => {
    installation = await openInstallation(['a', 'b']);
    run = (await installation.launch(verified, files)) as RunId;
    expect((await installation.untilRest(run)).state).toBe('finished');
  }, 120_000);
  afterAll(async () => await installation.close());

  const cli = async (...args: string[]) => await runCli(args, installation.cliEnv);
  const verify = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli('verify', run, '--json', ...args);
    expect(stderr).toBe('');
    return { code, ...(JSON.parse(stdout) as VerificationDocument) };
  };

  it('has each step of each lane in its ledger once', async () => {
    const { stdout } = await cli('runs', 'ledger', run, '--json');
    const { entries, snapshots, next } = JSON.parse(stdout) as LedgerDocument;
    expect(entries.map(({ step, lane }) => `${step}.${lane}`)).toEqual(
      Array.from({ length: 8 }, (_, index) => [0, 1, 2].map((lane) => `${index + 1}.${lane}`)).flat(),
    );
    expect([...new Set(snapshots.map(({ step }) => step))]).toEqual([3, 6, 8]);
    expect(next).toBeNull();
  });

  it('finds equal what two workers trained and one does again, and shows how far it is', async () => {
    const { code, stdout } = await cli('verify', run, '--from', '0', '--to', '8');
    expect(stdout).toMatch(/steps 1 to 8 are done again/);
    expect(stdout).toMatch(/worker [ab]: step \d of 1 to 8/);
    // Of snapshots 3, 6 and 8 and checkpoints 4 and 8.
    expect(stdout).toMatch(/equal: .*compared 24 state hashes at 4 steps and 24 entries of the ledger/);
    expect(code).toBe(0);
  }, 120_000);

  it('names the first step and part that differ, and the batches', async () => {
    await installation.db
      .updateTable('snapshotHashes')
      .set({ stateHash: Buffer.alloc(32, 1) })
      .where('step', '=', 6)
      .where('part', 'in', ['task-double', 'lane-2'])
      .execute();
    await installation.db
      .updateTable('ledger')
      .set({ position: 999 })
      .where('step', '=', 7)
      .where('lane', '=', 1)
      .execute();
    const result = await verify();
    expect(result).toMatchObject({ code: 1, equal: false, parts: { total: 2 }, ledger: { total: 1 } });
    expect(result.parts.first[0]).toMatchObject({ step: 6, part: 'task-double', recorded: '01'.repeat(32) });
    expect(result.ledger.first[0]).toMatchObject({ step: 7, lane: 1 });
  });

  it('says why it cannot', async () => {
    const refusal = async (...args: string[]) => {
      const { code, stderr } = await cli('verify', ...args);
      expect(code).not.toBe(0);
      return stderr;
    };
    expect(await refusal('no-such-run')).toContain('no-such-run');
    expect(await refusal(run, '--from', '3')).toContain('no checkpoint of step 3; --from may be 0, 4, 8');
    expect(await refusal(run, '--from', '4', '--to', '4')).toContain('nothing to verify');
    await Promise.all([...installation.agents.values()].map((agent) => agent.kill('SIGTERM')));
    expect(await refusal(run)).toMatch(/No worker lives that computes .* equal only on the same kind/);
  });
});
