import type { Beacon, MemberEnding, TrainerStatus } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { beginSupervision, defaultLimits, type Supervision, type SupervisionEvent, supervise } from './supervise.js';

const generation = {
  run: 'words-1',
  attempt: 1,
  generation: 3,
  members: [
    { member: 0, worker: 'a', lanes: [0] },
    { member: 1, worker: 'b', lanes: [1] },
  ] as never,
  resume: { step: 10 },
};

const trainer = (more: Partial<TrainerStatus> = {}) =>
  ({
    run: 'words-1',
    attempt: 1,
    generation: 3,
    member: 0,
    phase: 'training',
    step: 12,
    progress: 1,
    died: null,
    ...more,
  }) as TrainerStatus;

const beacon = (
  worker: string,
  atMs: number,
  status: TrainerStatus | null = trainer(),
  incarnation = 'i1',
): SupervisionEvent => ({
  kind: 'beacon',
  atMs,
  beacon: { worker, incarnation, trainer: status } as Beacon,
});

const ending = (member: number, value: MemberEnding, over: { generation?: number } = {}): SupervisionEvent => ({
  kind: 'ending',
  document: {
    run: 'words-1' as never,
    attempt: 1,
    generation: over.generation ?? 3,
    member,
    worker: member === 0 ? 'a' : 'b',
    ending: value,
  },
});

function play(events: readonly SupervisionEvent[], from: Supervision = beginSupervision(generation, 0)) {
  let state = from;
  for (const event of events) {
    const next = supervise(state, event);
    state = next.state;
    if (next.outcome !== null) return { state, outcome: next.outcome };
  }
  return { state, outcome: null };
}

/** A tick a second with beacons of the named workers. */
function seconds(first: number, last: number, workers: readonly string[]): SupervisionEvent[] {
  const events: SupervisionEvent[] = [];
  for (let s = first; s <= last; s++) {
    for (const worker of workers) events.push(beacon(worker, s * 1000));
    events.push({ kind: 'tick', atMs: s * 1000 });
  }
  return events;
}

const finished = (step: number): MemberEnding => ({ outcome: 'finished', step, reason: null });

describe('supervise', () => {
  it('goes on while all members beacon', () => {
    const { state, outcome } = play(seconds(1, 600, ['a', 'b']));
    expect(outcome).toBeNull();
    expect(state.step).toBe(12);
  });

  it('is finished when every member has ended at the same step, in whatever order and twice over', () => {
    expect(play([ending(1, finished(40))]).outcome).toBeNull();
    expect(play([ending(1, finished(40)), ending(1, finished(40)), ending(0, finished(40))]).outcome).toEqual({
      kind: 'finished',
      step: 40,
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

  it('ignores what concerns another generation, another run or another worker', () => {
    const died = { reason: 'old' };
    expect(
      play([
        beacon('a', 500, trainer({ generation: 2, died })),
        beacon('b', 500, trainer({ attempt: 0, died })),
        beacon('c', 500, trainer({ died })),
        ending(0, finished(9), { generation: 2 }),
      ]).outcome,
    ).toBeNull();
  });

  it('takes silence beyond the limit as lost and unreachable, naming who', () => {
    const { outcome } = play([...seconds(1, 2, ['a', 'b']), ...seconds(3, 20, ['a'])]);
    expect(outcome).toMatchObject({ kind: 'worker-lost', workers: ['b'], unreachable: ['b'] });
  });

  it('does not await a member that has ended', () => {
    expect(play([ending(1, finished(40)), ...seconds(1, 60, ['a'])]).outcome).toBeNull();
  });

  it("counts the supervisor's own absence against nobody", () => {
    const { outcome } = play([...seconds(1, 3, ['a', 'b']), ...seconds(60, 63, ['a', 'b'])]);
    expect(outcome).toBeNull();
    const silentAfter = play([...seconds(1, 3, ['a', 'b']), ...seconds(60, 70, ['a'])]);
    expect(silentAfter.outcome).toMatchObject({ unreachable: ['b'] });
  });

  it('takes a restarted agent without our trainer as a lost trainer', () => {
    expect(play([beacon('a', 100), beacon('a', 900, null, 'i2')]).outcome).toMatchObject({
      kind: 'worker-lost',
      workers: ['a'],
      unreachable: [],
    });
  });

  it('waits a moment for the ending of a trainer that vanished, longer for one that has not begun', () => {
    const vanished = (until: number) =>
      play([
        beacon('a', 100),
        beacon('b', 100),
        ...Array.from({ length: until }, (_, s) => [
          beacon('a', 1000 + s * 1000, null),
          beacon('b', 1000 + s * 1000),
          { kind: 'tick', atMs: 1000 + s * 1000 } as const,
        ]).flat(),
      ]).outcome;
    expect(vanished(4)).toBeNull();
    expect(vanished(6)).toMatchObject({ kind: 'worker-lost', workers: ['a'], unreachable: [] });

    const idle = (last: number) =>
      play(
        Array.from({ length: last }, (_, s) => [
          beacon('a', s * 1000, null),
          beacon('b', s * 1000),
          { kind: 'tick', atMs: s * 1000 } as const,
        ]).flat(),
      ).outcome;
    expect(idle(29)).toBeNull();
    expect(idle(40)).toMatchObject({ workers: ['a'], reason: expect.stringContaining('started no trainer') });
  });

  it('gives up on members that were asked to stop and show no progress', () => {
    const stopped = play([{ kind: 'stop', atMs: 0 }, ...seconds(1, 100, ['a', 'b'])]);
    expect(stopped.outcome).toMatchObject({ kind: 'worker-lost', workers: ['a', 'b'], unreachable: [] });
    expect(stopped.state.lastTickMs).toBeGreaterThan(defaultLimits.stopMs);
  });

  it('ends a generation whose members wait in vain, not one that is in a phase of any length', () => {
    const minutes = (phase: TrainerStatus['phase']): SupervisionEvent[] =>
      Array.from({ length: 700 }, (_, s) => [
        beacon('a', s * 1000),
        beacon('b', s * 1000, trainer({ phase })),
        { kind: 'tick', atMs: s * 1000 } as const,
      ]).flat();
    expect(play(minutes('training')).outcome).toMatchObject({
      kind: 'worker-lost',
      workers: ['a', 'b'],
      unreachable: [],
      reason: expect.stringContaining('no progress'),
    });
    expect(play(minutes('tracing')).outcome).toBeNull();
    expect(play(minutes('checkpointing')).outcome).toBeNull();
  });
});
