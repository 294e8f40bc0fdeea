import type { Member } from '@tributary/protocol';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import {
  leaseQueue,
  leasesOf,
  listLeases,
  listWorkers,
  quarantineWorker,
  recordGeneration,
  releaseLeases,
  releaseLeasesOfEndedRuns,
  setRunState,
  tryLease,
} from './index.js';
import { cpu, leaseGround } from './lease-ground.fixture.js';

const { db, newRun, beacon } = await leaseGround();

const workersNamed = (count: number) => Promise.all(Array.from({ length: count }, (_, index) => beacon(`w${index}`)));
const longAgo = new Date(0);
const lease = (run: string, min: number, max: number) => tryLease(db, { run, min, max, aliveAfter: longAgo });
const members = (...workers: string[]) =>
  workers.map((worker, member) => ({ worker, member, lanes: [] }) as unknown as Member);
const generation = (run: string, number: number, ...workers: string[]) =>
  recordGeneration(db, {
    run,
    attempt: 1,
    generation: number,
    members: members(...workers),
    resumeStep: 0,
    reason: null,
  });

describe('leasing', () => {
  it('takes between min and max workers, and the same ones when asked again', async () => {
    await workersNamed(3);
    const [one, two] = [await newRun(), await newRun()];
    expect(await lease(one, 1, 2)).toEqual(['w0', 'w1']);
    expect(await lease(one, 1, 2)).toEqual(['w0', 'w1']);
    expect(await lease(two, 2, 2)).toBeNull();
    expect((await leasesOf(db, two)).length).toBe(0);
    await releaseLeases(db, one);
    expect(await lease(two, 2, 2)).toEqual(['w0', 'w1']);
    expect(await leaseQueue(db)).toEqual([]);
  });

  it('lets no younger run overtake the first that waits', async () => {
    await workersNamed(3);
    const [holder, wide, narrow] = [await newRun(), await newRun(), await newRun()];
    await lease(holder, 2, 2);
    expect(await lease(wide, 3, 3)).toBeNull();
    expect(await lease(narrow, 1, 1)).toBeNull();
    expect((await leaseQueue(db)).map(({ run }) => run)).toEqual([wide, narrow]);
    await releaseLeases(db, holder);
    expect(await lease(narrow, 1, 1)).toBeNull();
    expect(await lease(wide, 3, 3)).toHaveLength(3);
    await releaseLeases(db, wide);
    expect(await lease(narrow, 1, 1)).toHaveLength(1);
  });

  it('passes over a request that no number of free workers could serve, which keeps its place', async () => {
    await workersNamed(2);
    const [wide, narrow] = [await newRun(), await newRun()];
    expect(await lease(wide, 3, 3)).toBeNull();
    expect(await lease(narrow, 1, 1)).toEqual(['w0']);
    await beacon('w2');
    const late = await newRun();
    expect(await lease(late, 1, 1)).toBeNull();
    await releaseLeases(db, narrow);
    expect(await lease(late, 1, 1)).toBeNull();
    expect(await lease(wide, 3, 3)).toHaveLength(3);
  });

  it('passes over a run that ended or stopped asking', async () => {
    await workersNamed(1);
    const [holder, ended, silent, last] = [await newRun(), await newRun(), await newRun(), await newRun()];
    await lease(holder, 1, 1);
    for (const run of [ended, silent, last]) expect(await lease(run, 1, 1)).toBeNull();
    await setRunState(db, ended, { state: 'cancelled', reason: null });
    await sql`update lease_requests set asked_at = now() - interval '2 minutes' where run = ${silent}`.execute(db);
    await releaseLeases(db, holder);
    expect(await lease(last, 1, 1)).toEqual(['w0']);
    await releaseLeases(db, last);
    expect(await lease(silent, 1, 1)).toEqual(['w0']);
  });

  it('never mixes kinds, and takes GPUs first', async () => {
    await beacon('a-old', { device: { ...cpu, backendVersion: '1' } });
    await beacon('b-cpu');
    await beacon('c-cpu');
    await beacon('g0', { device: { ...cpu, device: 'gpu:0', model: 'H100' } });
    await beacon('g1', { device: { ...cpu, device: 'gpu:1', model: 'H100' } });
    const [gpu, pair, single] = [await newRun(), await newRun(), await newRun()];
    expect(await lease(gpu, 1, 4)).toEqual(['g0', 'g1']);
    expect(await lease(pair, 2, 4)).toEqual(['b-cpu', 'c-cpu']);
    expect(await lease(single, 1, 4)).toEqual(['a-old']);
  });

  it('takes only workers that live, are not draining and not quarantined', async () => {
    await workersNamed(2);
    await beacon('draining', { draining: true });
    await beacon('sick');
    await quarantineWorker(db, 'sick', 'unreachable');
    await beacon('silent');
    await sql`update workers set seen_at = now() - interval '1 hour' where worker = 'silent'`.execute(db);
    const run = await newRun();
    const aliveAfter = new Date(Date.now() - 60_000);
    expect(await tryLease(db, { run, min: 1, max: 9, aliveAfter })).toEqual(['w0', 'w1']);
  });
});

describe('a released slot', () => {
  it("is free once its agent confirms the death of the lease's newest generation", async () => {
    await workersNamed(2);
    const [one, two] = [await newRun(), await newRun()];
    await lease(one, 2, 2);
    await generation(one, 4, 'w0', 'w1');
    await generation(one, 5, 'w0');
    await releaseLeases(db, one);
    expect(await lease(two, 1, 2)).toBeNull();
    await beacon('w0', { confirmedDead: { [one]: 4 } });
    expect(await lease(two, 1, 2)).toBeNull();
    // w1 was not in generation 5: it confirms what it had.
    await beacon('w1', { confirmedDead: { [one]: 4 } });
    expect(await lease(two, 1, 2)).toEqual(['w1']);
    await beacon('w0', { confirmedDead: { [one]: 5 } });
    const three = await newRun();
    expect(await lease(three, 1, 1)).toEqual(['w0']);
  });

  it('is free at once where no generation named it', async () => {
    await workersNamed(1);
    const [one, two] = [await newRun(), await newRun()];
    await lease(one, 1, 1);
    await releaseLeases(db, one);
    expect(await lease(two, 1, 1)).toEqual(['w0']);
  });

  it('goes back to its own run by the same rule', async () => {
    await workersNamed(1);
    const run = await newRun();
    await lease(run, 1, 1);
    await generation(run, 1, 'w0');
    await releaseLeases(db, run);
    expect(await lease(run, 1, 1)).toBeNull();
    await beacon('w0', { confirmedDead: { [run]: 1 } });
    expect(await lease(run, 1, 1)).toEqual(['w0']);
    expect(await leasesOf(db, run)).toMatchObject([{ generation: null, releasedAt: null }]);
  });

  it('is given back by the reaper where its run ended without doing so', async () => {
    await workersNamed(3);
    const [ended, gone, going] = [await newRun(), await newRun(), await newRun()];
    for (const run of [ended, gone, going]) await lease(run, 1, 1);
    await setRunState(db, ended, { state: 'failed', reason: 'x' });
    await db.deleteFrom('runs').where('run', '=', gone).execute();
    expect(await releaseLeasesOfEndedRuns(db)).toEqual([ended, gone].sort());
    expect(await releaseLeasesOfEndedRuns(db)).toEqual([]);
    expect((await listLeases(db)).map((row) => row.run)).toEqual([going]);
  });
});

describe('leasing at once', () => {
  it('gives 20 runs that ask together all or none, in the order of their asking, without deadlock', async () => {
    await workersNamed(5);
    const runs = await Promise.all(Array.from({ length: 20 }, newRun));
    const served: string[] = [];
    let partial = false;
    const check = async () => {
      const sizes = new Map<string, number>();
      for (const { run } of await listLeases(db)) sizes.set(run, (sizes.get(run) ?? 0) + 1);
      for (const size of sizes.values()) partial ||= size !== 2;
    };
    // Each round every waiting run asks at once; whoever holds slots gives them back after the round.
    let order: string[] | null = null;
    while (served.length < runs.length) {
      const waiting = runs.filter((run) => !served.includes(run));
      const results = await Promise.all(waiting.map(async (run) => ({ run, workers: await lease(run, 2, 2) })));
      await check();
      const winners = results.filter(({ workers }) => workers !== null);
      expect(winners.length).toBeGreaterThan(0);
      expect(winners.length).toBeLessThanOrEqual(2);
      for (const { workers } of winners) expect(workers).toHaveLength(2);
      const queue = (await leaseQueue(db)).map(({ run }) => run);
      // After the first round the order of asking stands; each later round serves its head.
      if (order !== null) expect(order.slice(0, winners.length).sort()).toEqual(winners.map(({ run }) => run).sort());
      order = queue;
      await Promise.all(winners.map(({ run }) => releaseLeases(db, run)));
      served.push(...winners.map(({ run }) => run));
    }
    expect(partial).toBe(false);
    expect(new Set(served).size).toBe(20);
    expect(await listLeases(db)).toEqual([]);
  });
});

describe('beacons', () => {
  it('change nothing when they come late, and tell a restarted agent', async () => {
    await beacon('w', { sequence: 5, incarnation: 'a', pid: 1 });
    await beacon('w', { sequence: 4, incarnation: 'a', pid: 2 });
    expect(await listWorkers(db)).toMatchObject([{ worker: 'w', pid: 1, sequence: 5, description: cpu }]);
    await beacon('w', { sequence: 1, incarnation: 'b', pid: 3, confirmedDead: { r: 2 } });
    expect(await listWorkers(db)).toMatchObject([{ pid: 3, sequence: 1, incarnation: 'b', confirmedDead: { r: 2 } }]);
  });
});
