import { gatherInventories } from '@tributary/checkpoints';
import { chooseSnapshot } from '@tributary/planner';
import type { Beacon, GenerationDocument, ResumePoint, WorkerId } from '@tributary/protocol';
import { partNames } from '@tributary/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextBeacon } from './support/agents.js';
import { fastFiles, fastRun } from './support/fast-run.js';
import { trainersOf as trainersOfAgent } from './support/trainers-of.js';
import { openTrainingGround, type TrainedGeneration, type TrainingGround } from './support/training-ground.js';

/** Long enough to be struck in the middle; its snapshots are many and its checkpoints few. */
const longer = {
  ...fastRun,
  snapshots: { every: 5 },
  checkpoints: { every: 1_000, keep: 10 },
  evaluation: { every: 1_000, examples: 16, samples: 2 },
  budget: { steps: 400 },
};
const parts = partNames(
  ['reverse', 'double'],
  [{ lane: 0 }, { lane: 1 }, { lane: 2 }].map(({ lane }) => ({ lane })) as never,
);
const both = { a: [0, 2], b: [1] };

describe('recovery', () => {
  let ground: TrainingGround;
  let prepared: Awaited<ReturnType<TrainingGround['prepare']>>;
  let unfailed: string | undefined;

  beforeAll(async () => {
    ground = await openTrainingGround(['a', 'b']);
    const undisturbed = await ground.conclude(await ground.open(await ground.prepare(longer, fastFiles), both));
    unfailed = undisturbed.checkpoints.at(-1)?.stateHash;
  }, 120_000);
  afterAll(() => ground.close());

  const beacon = (worker: string, when: (beacon: Beacon) => boolean): Promise<Beacon> =>
    nextBeacon(ground.connection, ground.namespace, worker, when);
  const snapshotTaken = (document: GenerationDocument, worker: string, step: number): Promise<Beacon> =>
    beacon(
      worker,
      ({ trainer }) =>
        trainer?.run === document.run &&
        trainer.generation === document.generation &&
        (trainer.snapshot?.step ?? 0) >= step,
    );
  const begin = async (): Promise<GenerationDocument> => {
    prepared = await ground.prepare(longer, fastFiles);
    return ground.open(prepared, both);
  };

  /** Where a generation after this one may begin: the newest whole snapshot. */
  const newestWhole = async ({ run, generation }: GenerationDocument): Promise<ResumePoint> => {
    const { connection, names } = ground;
    const workers = ['a', 'b'] as WorkerId[];
    const inventories = await gatherInventories({ connection, names, run, workers, timeoutMs: 1_000 });
    const found = chooseSnapshot(inventories, parts, [{ generation, resumeStep: 0 }]);
    if (!found) throw new Error('no snapshot is whole');
    return { step: found.step, checkpointKey: null, snapshot: found.source };
  };

  const expectUnfailed = ({ endings, checkpoints }: TrainedGeneration): void => {
    expect(endings.map(({ ending }) => ending)).toEqual(
      endings.map(() => ({ outcome: 'finished', step: 400, reason: null })),
    );
    expect(checkpoints.at(-1)).toMatchObject({ step: 400, stateHash: unfailed });
  };

  const trainersOf = (worker: number): Promise<number[]> =>
    trainersOfAgent((ground.agents[worker] as { pid: number }).pid);

  it('goes on from a snapshot with a standby in the place of a killed trainer, to the same state', async () => {
    const first = await begin();
    await snapshotTaken(first, 'a', 20);
    await snapshotTaken(first, 'b', 20);
    const [[survivor], [killed, standby]] = await Promise.all([trainersOf(0), trainersOf(1)]);
    expect(standby).toBeGreaterThan(0);
    const died = beacon('b', ({ trainer }) => trainer?.died !== null);
    process.kill(killed as number, 'SIGKILL');
    const { trainer } = await died;
    expect(trainer?.died).toMatchObject({ crashed: false, reason: expect.stringContaining('SIGKILL') });
    const resume = await newestWhole(first);
    expect(resume.step).toBeGreaterThanOrEqual(20);
    const second = await ground.open(prepared, both, { generation: 2, resume });
    await snapshotTaken(second, 'b', resume.step);
    expect((await trainersOf(0))[0]).toBe(survivor);
    expect((await trainersOf(1))[0]).toBe(standby);
    expectUnfailed(await ground.conclude(second));
  }, 60_000);

  it('replaces a trainer that is stopped, and shows its silence', async () => {
    const first = await begin();
    await Promise.all([snapshotTaken(first, 'a', 20), snapshotTaken(first, 'b', 20)]);
    const [stopped] = await trainersOf(1);
    process.kill(stopped as number, 'SIGSTOP');
    await beacon('b', ({ trainer }) => (trainer?.silentMs ?? 0) > 5_000);
    const { trainer } = await beacon('a', ({ trainer: at }) => at?.awaiting?.kind === 'members');
    expect(trainer?.silentMs).toBeLessThan(2_000);
    const second = await ground.open(prepared, both, { generation: 2, resume: await newestWhole(first) });
    expectUnfailed(await ground.conclude(second));
    expect(await trainersOf(1)).not.toContain(stopped);
  }, 60_000);

  it('finds the snapshots of an agent that was killed with the agent that comes after it', async () => {
    const first = await begin();
    await Promise.all([snapshotTaken(first, 'a', 20), snapshotTaken(first, 'b', 20)]);
    const back = beacon('b', ({ trainer }) => trainer?.died?.reason === 'the agent was restarted');
    await ground.agents[1]?.killAndRestart();
    await back;
    const { connection, names } = ground;
    const [held] = await gatherInventories({
      ...{ connection, names, run: first.run, workers: ['b' as WorkerId], timeoutMs: 1_000 },
    });
    expect(held?.parts.map(({ part }) => part)).toEqual(expect.arrayContaining(['lane-1', 'shared']));
    const second = await ground.open(prepared, both, { generation: 2, resume: await newestWhole(first) });
    expectUnfailed(await ground.conclude(second));
  }, 60_000);

  it('takes no harm from an agent and a trainer that sleep while their lanes move', async () => {
    const first = await begin();
    await Promise.all([snapshotTaken(first, 'a', 20), snapshotTaken(first, 'b', 20)]);
    const agent = (ground.agents[1] as { pid: number }).pid;
    const sleepers = [agent, ...(await trainersOf(1))];
    for (const pid of sleepers) process.kill(pid, 'SIGSTOP');
    const resume = await newestWhole(first);
    const second = await ground.open(prepared, { a: [0, 1, 2] }, { generation: 2, resume });
    const trained = await ground.conclude(second);
    const woken = beacon('b', ({ trainer, confirmedDead }) => !trainer && (confirmedDead[first.run] ?? 0) >= 2);
    for (const pid of sleepers) process.kill(pid, 'SIGCONT');
    await woken;
    expectUnfailed(trained);
    await expect.poll(() => trainersOf(1), { timeout: 15_000 }).toEqual([]);
    const records = await ground.recordsOf(first.run);
    const late = records.slice(trained.records.length).filter(({ kind }) => kind === 'checkpoint-part');
    expect(late).toEqual([]);
  }, 60_000);
});
