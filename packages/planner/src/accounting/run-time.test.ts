import { describe, expect, it } from 'vitest';
import { type AccountedAttempt, type AccountedGeneration, runTime } from './run-time.js';

const attempt = (attempt: number, startedAt: number, endedAt: number | null): AccountedAttempt => ({
  attempt,
  startedAtMs: startedAt * 1_000,
  endedAtMs: endedAt === null ? null : endedAt * 1_000,
});

const generation = (
  openedAt: number,
  endedAt: number | null,
  more: Partial<AccountedGeneration>,
): AccountedGeneration => ({
  attempt: 1,
  resumeStep: 0,
  openedAtMs: openedAt * 1_000,
  endedAtMs: endedAt === null ? null : endedAt * 1_000,
  recovery: null,
  waitedMs: 0,
  time: null,
  ...more,
});

describe("the account of a run's time", () => {
  const lost = generation(10, 40, {
    waitedMs: 6_000,
    recovery: 'worker-lost',
    time: { ms: { starting: 4_000, tracing: 3_000, training: 20_000, unsettled: 3_000 }, reachedStep: 50 },
  });
  const recovered = generation(41, 61, {
    resumeStep: 40,
    time: { ms: { starting: 1_000, tracing: 2_000, redone: 4_000, training: 10_000, ending: 3_000 }, reachedStep: 80 },
  });

  it('sums to the time of the attempts, and calls all of a recovery by its cause', () => {
    const time = runTime([attempt(1, 0, 63)], [lost, recovered]);
    expect(time).toEqual({
      seconds: 63,
      goodputSeconds: 30,
      badputSeconds: {
        'waiting-for-slots': 6,
        starting: 8,
        tracing: 3,
        // Detection 3, the gap 1, and the trainers' start and graphs 3.
        'worker-lost': 7,
        redone: 4,
        ending: 5,
      },
      lostSteps: { 'worker-lost': 10 },
    });
  });

  it('leaves out what lies between attempts, and begins each anew', () => {
    const paused = generation(1, 11, { time: { ms: { starting: 1_000, training: 9_000 }, reachedStep: 20 } });
    const resumed = generation(1_001, 1_011, {
      attempt: 2,
      resumeStep: 15,
      time: { ms: { starting: 2_000, redone: 3_000, training: 5_000 }, reachedStep: 30 },
    });
    const time = runTime([attempt(1, 0, 11), attempt(2, 1_000, 1_011)], [paused, resumed]);
    expect(time?.seconds).toBe(22);
    expect(time?.badputSeconds).toEqual({ starting: 5, redone: 3 });
    expect(time?.lostSteps).toEqual({ infrastructure: 5 });
  });

  it('goes on recovering through a generation that is lost before its first step', () => {
    const again = generation(41, 50, {
      resumeStep: 40,
      recovery: 'infrastructure',
      time: { ms: { starting: 9_000 }, reachedStep: 40 },
    });
    const time = runTime([attempt(1, 0, 73)], [lost, again, { ...recovered, openedAtMs: 51_000, endedAtMs: 71_000 }]);
    expect(time?.badputSeconds).toMatchObject({ 'worker-lost': 3 + 1 + 9, infrastructure: 1 + 3 });
    expect(time?.lostSteps).toEqual({ 'worker-lost': 10 });
    expect(time?.seconds).toBeCloseTo(73);
  });

  it('fits what a supervisor saw to the times in the run store', () => {
    const short = generation(10, 20, { time: { ms: { training: 8_000 }, reachedStep: 5 }, recovery: 'user-code' });
    const long = generation(20, 30, { time: { ms: { training: 10_000, ending: 2_500 }, reachedStep: 9 } });
    const time = runTime([attempt(1, 10, 30)], [short, long]);
    expect(time?.seconds).toBeCloseTo(20);
    expect(time?.badputSeconds['user-code']).toBe(2);
    expect(time?.badputSeconds.ending).toBeCloseTo(2);
  });

  it('counts a generation that goes on as far as it is accounted for', () => {
    const open = generation(10, null, { time: { ms: { starting: 4_000, training: 20_000 }, reachedStep: 9 } });
    expect(runTime([attempt(1, 5, null)], [open])).toEqual({
      seconds: 29,
      goodputSeconds: 20,
      badputSeconds: { starting: 9 },
      lostSteps: {},
    });
  });

  it('is nothing where no time was kept', () => {
    expect(runTime([attempt(1, 0, 9)], [generation(1, 9, {})])).toBeNull();
    expect(runTime([attempt(1, 0, null)], [])).toBeNull();
  });
});
