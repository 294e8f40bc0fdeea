import type { MemberEnding } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { beacon, ending, halfSeconds, play, tick, trainer } from '../test/supervision-story.js';

const finished = (step: number): MemberEnding => ({ outcome: 'finished', step, reason: null });

describe('supervise', () => {
  it('goes on while all members beacon, and tells nothing', () => {
    const { state, outcome, told } = play(halfSeconds(0, 600, ['a', 'b']));
    expect(outcome).toBeNull();
    expect(told).toEqual([]);
    expect(state.step).toBe(12);
  });

  it('is finished when every member has ended at the same step, in whatever order and twice over', () => {
    expect(play([ending(1, finished(40))]).outcome).toBeNull();
    expect(play([ending(1, finished(40)), ending(1, finished(40)), ending(0, finished(40))]).outcome).toEqual({
      kind: 'finished',
      step: 40,
    });
  });

  it('carries the reason of an early end', () => {
    const early: MemberEnding = { outcome: 'finished', step: 20, reason: 'stopped early' };
    expect(play([ending(0, early), ending(1, early)]).outcome).toEqual({
      kind: 'finished',
      step: 20,
      reason: 'stopped early',
    });
  });

  it('carries the reason of a pause', () => {
    const paused: MemberEnding = { outcome: 'paused', step: 20, reason: 'time budget of 30s is used up' };
    expect(play([ending(0, paused), ending(1, paused)]).outcome).toEqual({
      kind: 'paused',
      step: 20,
      reason: 'time budget of 30s is used up',
    });
  });

  it('fails at the first failed ending, naming the worker', () => {
    const failed: MemberEnding = { outcome: 'failed', step: 15, code: 'NON_FINITE', reason: 'the loss is NaN' };
    expect(play([ending(1, failed)]).outcome).toEqual({
      kind: 'failed',
      step: 15,
      code: 'NON_FINITE',
      reason: 'worker b: the loss is NaN',
    });
  });

  it('fails when members disagree about the step', () => {
    expect(play([ending(0, finished(40)), ending(1, finished(41))]).outcome).toMatchObject({
      kind: 'failed',
      code: 'DIVERGED',
    });
  });

  it('takes a died trainer as lost at once, its worker as still usable', () => {
    expect(play([beacon('b', 500, trainer({ died: { reason: 'killed by SIGKILL' } }))]).outcome).toEqual({
      kind: 'worker-lost',
      workers: ['b'],
      unreachable: [],
      step: 12,
      reason: 'worker b: killed by SIGKILL',
    });
  });

  it('says of a trainer that ended by itself that it crashed', () => {
    const died = { reason: 'exit code 134', crashed: true };
    expect(play([beacon('b', 500, trainer({ died }))]).outcome).toMatchObject({ crashed: true });
    expect(play([beacon('b', 500, trainer({ died: { ...died, crashed: false } }))]).outcome).not.toHaveProperty(
      'crashed',
    );
  });

  it('ignores what concerns another generation, another run or another worker', () => {
    const died = { reason: 'old' };
    expect(
      play([
        beacon('a', 500, trainer({ generation: 2, died })),
        beacon('b', 500, trainer({ attempt: 0, died })),
        beacon('c', 500, trainer({ died })),
        beacon('c', 500, null, { draining: true }),
        ending(0, finished(9), { generation: 2 }),
      ]),
    ).toMatchObject({ outcome: null, handOvers: [] });
  });

  it('does not await a member that has ended, whatever becomes of its worker', () => {
    const after = play([
      ending(1, finished(40)),
      beacon('b', 100, trainer({ died: { reason: 'killed' } })),
      ...halfSeconds(1, 60, ['a']),
    ]);
    expect(after).toMatchObject({ outcome: null, told: [] });
  });

  it('takes a restarted agent without our trainer as a lost trainer', () => {
    expect(play([beacon('a', 100), beacon('a', 900, null, { incarnation: 'i2' })]).outcome).toMatchObject({
      kind: 'worker-lost',
      workers: ['a'],
      unreachable: [],
    });
  });

  it('waits a moment for the ending of a trainer that vanished, longer for one that has not begun', () => {
    const shown = { a: () => null, b: (atMs: number) => trainer({ progress: atMs }) };
    const vanished = (untilS: number) => play([beacon('a', 0), ...halfSeconds(0, untilS, shown)]).outcome;
    expect(vanished(3.5)).toBeNull();
    expect(vanished(4)).toMatchObject({ kind: 'worker-lost', workers: ['a'], unreachable: [] });
    const idle = (untilS: number) => play(halfSeconds(0, untilS, shown)).outcome;
    expect(idle(30)).toBeNull();
    expect(idle(31)).toMatchObject({
      workers: ['a'],
      reason: expect.stringContaining('started no trainer within 30 s'),
    });
  });
});

describe('hand-overs', () => {
  const handedOver = (step: number): MemberEnding => ({ outcome: 'handed-over', step, reason: null });

  it('are asked for once, when a member is about to leave, and say why', () => {
    const leaving = (atMs: number) => beacon('b', atMs, trainer(), { draining: true });
    const asked = play([leaving(100), leaving(200), { kind: 'stop', atMs: 250 }, leaving(300)]);
    expect(asked).toMatchObject({ outcome: null, handOvers: ['worker b leaves'] });
    expect(asked.told).toEqual(['Lanes move at the next step: worker b leaves.']);
    const done = play([leaving(100), ending(0, handedOver(13)), ending(1, handedOver(13))]);
    expect(done.outcome).toEqual({ kind: 'handed-over', step: 13, reason: 'worker b leaves' });
  });

  it('are asked for when a worker is offered, unless members stop anyway', () => {
    const offer = { kind: 'offer', reason: 'worker c is free' } as const;
    expect(play([offer, offer]).handOvers).toEqual(['worker c is free']);
    expect(play([{ kind: 'stop', atMs: 1 }, offer]).handOvers).toEqual([]);
  });

  it('are not asked of a generation that has just lost its trainer', () => {
    const died = trainer({ died: { reason: 'killed' } });
    expect(play([beacon('b', 1, died, { draining: true })])).toMatchObject({
      outcome: { kind: 'worker-lost' },
      handOvers: [],
    });
  });

  it('have no reason that a supervisor knows which came after it', () => {
    expect(play([ending(1, handedOver(13)), ending(0, handedOver(13))]).outcome).toEqual({
      kind: 'handed-over',
      step: 13,
      reason: null,
    });
  });
});

describe('snapshots of one step', () => {
  const shows = (worker: string, atMs: number, step: number, sharedHash: string) =>
    beacon(worker, atMs, trainer({ step, snapshot: { step, sharedHash } }));

  it('may come in any order while their shared state is the same', () => {
    const { outcome } = play([
      shows('a', 1, 25, 'x'),
      shows('a', 2, 50, 'y'),
      shows('b', 3, 25, 'x'),
      shows('b', 4, 50, 'y'),
      shows('b', 5, 50, 'y'),
    ]);
    expect(outcome).toBeNull();
  });

  it('fail the run when their shared state differs, naming who has which', () => {
    const { outcome } = play([shows('a', 1, 25, 'x1'), shows('a', 2, 50, 'y'), shows('b', 3, 25, 'x2')]);
    expect(outcome).toEqual({
      kind: 'failed',
      step: 50,
      code: 'DIVERGED',
      reason: 'the shared state at step 25 differs: worker a has x1, worker b has x2',
    });
  });

  it('are kept for a few steps only', () => {
    const events = Array.from({ length: 500 }, (_, i) => shows('a', i, i, `h${i}`));
    expect(play(events).state.snapshots).toHaveLength(8);
  });
});

it('never blames anybody for time in which the supervisor was away', () => {
  const { outcome, told } = play([...halfSeconds(1, 3, ['a', 'b']), ...halfSeconds(600, 603, ['a', 'b'])]);
  expect({ outcome, told }).toEqual({ outcome: null, told: [] });
  const silentAfter = play([...halfSeconds(1, 3, ['a', 'b']), tick(600_000), ...halfSeconds(600.5, 612, ['a'])]);
  expect(silentAfter.outcome).toMatchObject({ unreachable: ['b'] });
  expect(silentAfter.endedAtMs).toBeGreaterThan(607_500);
});
