import type { TrainerPhase, TrainerStatus } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { beacon, halfSeconds, play, trainer } from '../test/supervision-story.js';
import { defaultLimits } from './supervision-limits.js';

const waitsFor = (...members: number[]): Partial<TrainerStatus> => ({ awaiting: { kind: 'members', members } });
const always = (status: Partial<TrainerStatus>) => () => trainer(status);

describe('a member that hangs', () => {
  it.each<[TrainerPhase, number]>([
    ['starting', 60],
    ['restoring', 120],
    ['tracing', 600],
    ['training', 60],
    ['evaluating', 300],
    ['checkpointing', 300],
    ['ending', 600],
  ])('while %s is given %i s, then blamed by name, with who waits for it', (phase, deadlineS) => {
    const shown = { a: always({ ...waitsFor(1), step: 11 }), b: always({ phase, step: 11 }) };
    const { outcome, endedAtMs } = play(halfSeconds(0, 2_000, shown));
    expect(outcome).toEqual({
      kind: 'worker-lost',
      workers: ['b'],
      unreachable: [],
      step: 11,
      reason: `worker b: no progress for ${deadlineS + 1} s while ${phase} at step 11; worker a waits for it`,
    });
    expect(endedAtMs).toBe(deadlineS * 1_000 + 500);
  });

  it('may take twenty times as long for a step as the slowest one before', () => {
    const slow = (untilMs: number) => (atMs: number) => {
      const step = 10 + Math.floor(Math.min(atMs, untilMs) / 10_000);
      return trainer({ step, progress: step });
    };
    const shown = { a: always({ ...waitsFor(1) }), b: slow(30_000) };
    const { outcome, endedAtMs } = play(halfSeconds(0, 2_000, shown));
    expect(outcome).toMatchObject({ workers: ['b'], reason: expect.stringContaining('while training at step 13') });
    expect(endedAtMs).toBe(30_000 + 200_000 + 500);
  });

  it('has its whole deadline from when it stopped waiting for others', () => {
    const waitedUntil = (ms: number) => (atMs: number) =>
      trainer(atMs < ms ? waitsFor(1) : { awaiting: { kind: 'compute' } });
    const shown = { a: waitedUntil(400_000), b: (atMs: number) => trainer({ phase: 'tracing', progress: atMs }) };
    const { outcome, endedAtMs } = play(halfSeconds(0, 2_000, shown));
    expect(outcome).toMatchObject({ workers: ['a'] });
    expect(endedAtMs).toBe(399_500 + 60_500);
  });

  it('is not one that waits for another, however long that one takes within its own deadline', () => {
    const shown = { a: always(waitsFor(1)), b: (atMs: number) => trainer({ phase: 'tracing', progress: atMs }) };
    expect(play(halfSeconds(0, 3_000, shown)).outcome).toBeNull();
  });
});

describe('a trainer whose process is stopped', () => {
  it('is blamed once its agent has not heard of it for more than 10 s', () => {
    const stopped = (silentMs: number) =>
      play([
        beacon('a', 0, trainer(waitsFor(1))),
        ...halfSeconds(0, 3, { a: always(waitsFor(1)), b: always({ silentMs, phase: 'training' }) }),
      ]).outcome;
    expect(stopped(10_000)).toBeNull();
    expect(stopped(10_400)).toMatchObject({
      workers: ['b'],
      unreachable: [],
      reason: "worker b: its trainer's process, training at step 12, has said nothing for 10 s; worker a waits for it",
    });
  });
});

describe('members that all stand still', () => {
  it('are lost together when each waits for the other', () => {
    const shown = { a: always(waitsFor(1)), b: always(waitsFor(0)) };
    const { outcome, endedAtMs } = play(halfSeconds(0, 2_000, shown));
    expect(outcome).toMatchObject({
      kind: 'worker-lost',
      workers: ['a', 'b'],
      unreachable: [],
      reason: expect.stringContaining('wait for each other'),
    });
    expect(endedAtMs).toBe(600_500);
  });

  it('are given up when they were asked to stop, sooner than otherwise', () => {
    const shown = { a: always(waitsFor(1)), b: always(waitsFor(0)) };
    const { outcome, endedAtMs } = play([{ kind: 'stop', atMs: 0 }, ...halfSeconds(0, 2_000, shown)]);
    expect(outcome).toMatchObject({ workers: ['a', 'b'], reason: expect.stringContaining('asked to stop') });
    expect(endedAtMs).toBe(defaultLimits.stopMs + 500);
  });

  it('may write their last checkpoint for as long as that phase allows', () => {
    const shown = { a: always({ phase: 'checkpointing' }), b: always(waitsFor(0)) };
    const { endedAtMs, outcome } = play([{ kind: 'stop', atMs: 0 }, ...halfSeconds(0, 2_000, shown)]);
    expect(outcome).toMatchObject({ workers: ['a'] });
    expect(endedAtMs).toBe(300_500);
  });
});
