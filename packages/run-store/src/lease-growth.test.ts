import type { Member } from '@tributary/protocol';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import {
  freeWorkersFor,
  leaseQueue,
  leasesOf,
  quarantineWorker,
  recordGeneration,
  topUpLease,
  tryLease,
} from './index.js';
import { cpu, leaseGround } from './lease-ground.fixture.js';

const longAgo = new Date(0);

const { db, newRun, beacon } = await leaseGround();

const lease = (run: string, min: number, max: number) => tryLease(db, { run, min, max, aliveAfter: longAgo });
const topUp = (run: string, wanted: number, answering: string[], generation = 0) =>
  topUpLease(db, { run, wanted, answering, generation, aliveAfter: longAgo });
const offers = (run: string, wanted: number, generation?: number) =>
  freeWorkersFor(db, run, wanted, { generation, aliveAfter: longAgo });
const opens = (run: string, generation: number, ...workers: string[]) =>
  recordGeneration(db, {
    run,
    attempt: 1,
    generation,
    members: workers.map((worker, member) => ({ worker, member, lanes: [] }) as unknown as Member),
    resumeStep: 0,
    reason: null,
  });
const holders = async (run: string) => (await leasesOf(db, run)).map(({ worker }) => worker);

describe('topping up', () => {
  it('takes free workers of the kind that the run holds, up to the wanted number, and waits for none', async () => {
    const run = await newRun();
    await beacon('w1');
    await lease(run, 1, 4);
    await beacon('other', { device: { ...cpu, backendVersion: '1' } });
    await beacon('leaving', { draining: true });
    await beacon('sick');
    await quarantineWorker(db, 'sick', 'unreachable');
    expect(await topUp(run, 4, ['w1'])).toEqual(['w1']);
    for (const worker of ['w2', 'w3', 'w4']) await beacon(worker);
    expect(await topUp(run, 3, ['w1'])).toEqual(['w1', 'w2', 'w3']);
    expect(await topUp(run, 3, ['w1', 'w2', 'w3'])).toEqual(['w1', 'w2', 'w3']);
    expect(await leaseQueue(db)).toEqual([]);
  });

  it('takes no more while another run waits that could be served', async () => {
    const [run, wide] = [await newRun(), await newRun()];
    for (const worker of ['w1', 'w2', 'w3']) await beacon(worker);
    await lease(run, 1, 1);
    expect(await lease(wide, 3, 3)).toBeNull();
    expect(await offers(run, 3)).toEqual([]);
    expect(await topUp(run, 3, ['w1'])).toEqual(['w1']);
    // One that asks for more than there are does not stand in the way.
    const huge = await newRun();
    await sql`delete from lease_requests`.execute(db);
    expect(await lease(huge, 9, 9)).toBeNull();
    expect(await topUp(run, 3, ['w1'])).toEqual(['w1', 'w2', 'w3']);
  });

  it('replaces a worker that does not answer, whose slot is free once its agent confirms that its trainer is dead', async () => {
    const run = await newRun();
    for (const worker of ['w1', 'w2', 'w3']) await beacon(worker);
    await lease(run, 2, 2);
    await opens(run, 1, 'w1', 'w2');
    expect(await topUp(run, 2, ['w1'], 1)).toEqual(['w1', 'w3']);
    expect(await holders(run)).toEqual(['w1', 'w2', 'w3']);
    await opens(run, 2, 'w1', 'w3');
    expect((await leasesOf(db, run)).filter((row) => row.releasedAt !== null)).toMatchObject([{ worker: 'w2' }]);
    const other = await newRun();
    expect(await lease(other, 1, 1)).toBeNull();
    await beacon('w2', { confirmedDead: { [run]: 2 } });
    expect(await lease(other, 1, 1)).toEqual(['w2']);
  });

  it('gives back what is more than wanted once a generation has begun without it', async () => {
    const run = await newRun();
    for (const worker of ['w1', 'w2', 'w3']) await beacon(worker);
    await lease(run, 3, 3);
    await opens(run, 1, 'w1', 'w2', 'w3');
    expect(await topUp(run, 2, ['w1', 'w2', 'w3'], 1)).toEqual(['w1', 'w2']);
    expect((await leasesOf(db, run)).filter((row) => row.releasedAt !== null)).toEqual([]);
    await opens(run, 2, 'w1', 'w2');
    await beacon('w3', { confirmedDead: { [run]: 2 } });
    expect(await topUp(run, 2, ['w1', 'w2'], 2)).toEqual(['w1', 'w2']);
    expect(await holders(run)).toEqual(['w1', 'w2']);
  });

  it('takes nothing while the newest generation is not recorded, which would give it back', async () => {
    const run = await newRun();
    for (const worker of ['w1', 'w2']) await beacon(worker);
    await lease(run, 1, 1);
    expect(await topUp(run, 2, ['w1'], 1)).toEqual(['w1']);
    await opens(run, 1, 'w1');
    expect(await topUp(run, 2, ['w1'], 1)).toEqual(['w1', 'w2']);
    // Recorded again by a retry: what has been taken since stays.
    await opens(run, 1, 'w1');
    expect(await holders(run)).toEqual(['w1', 'w2']);
  });

  it('gives two runs that grow at once no worker twice', async () => {
    const runs = [await newRun(), await newRun()];
    for (const [index, run] of runs.entries()) {
      await beacon(`a${index}`);
      await lease(run, 1, 1);
    }
    for (const worker of ['b0', 'b1', 'b2']) await beacon(worker);
    const grown = await Promise.all(runs.map((run, index) => topUp(run, 3, [`a${index}`])));
    expect(grown.flat().sort()).toEqual(['a0', 'a1', 'b0', 'b1', 'b2']);
  });
});

describe('offers', () => {
  it('are free workers of the kind of the members, up to the wanted number', async () => {
    const run = await newRun();
    for (const worker of ['w1', 'w2']) await beacon(worker);
    await lease(run, 1, 1);
    expect(await offers(run, 3)).toEqual([]);
    await opens(run, 1, 'w1');
    await beacon('other', { device: { ...cpu, model: 'y' } });
    expect(await offers(run, 3, 1)).toEqual(['w2']);
    expect(await offers(run, 3, 2)).toEqual([]);
    expect(await offers(run, 1, 1)).toEqual([]);
    await beacon('w3');
    await beacon('w4');
    expect(await offers(run, 3, 1)).toEqual(['w2', 'w3']);
  });

  it('are also workers that the run holds and that are back', async () => {
    const run = await newRun();
    for (const worker of ['w1', 'w2']) await beacon(worker);
    await lease(run, 2, 2);
    await opens(run, 1, 'w1', 'w2');
    expect(await offers(run, 2, 1)).toEqual([]);
    await opens(run, 2, 'w1');
    expect(await offers(run, 2, 2)).toEqual([]);
    await beacon('w2', { confirmedDead: { [run]: 2 } });
    expect(await offers(run, 2, 2)).toEqual(['w2']);
    // Taken, and named by no generation yet: its next generation would use it.
    expect(await topUp(run, 2, ['w1'], 2)).toEqual(['w1', 'w2']);
    expect(await offers(run, 2, 2)).toEqual(['w2']);
  });
});
