import type { TrainerPhase } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { beginClock, type ClockStart, type GenerationClock, seeMember, stopClock, timeOf } from './generation-clock.js';

const start: ClockStart = { resumeStep: 10, doneBefore: 10, members: 2, openedAtMs: 1_000, late: false, known: null };

/** Events of a generation that was opened at second 1: second, member, phase, step. */
function run(from: Partial<ClockStart>, ...events: [number, number, TrainerPhase, number][]): GenerationClock {
  return events.reduce(
    (clock, [seconds, member, phase, step]) => seeMember(clock, { member, phase, step }, seconds * 1_000),
    beginClock({ ...start, ...from }),
  );
}

const total = (clock: GenerationClock): number => Object.values(clock.ms).reduce((sum, ms) => sum + ms, 0);

describe('the clock of a generation', () => {
  it('waits for the slowest member before the first step, and gives the first step its own time', () => {
    const clock = run(
      {},
      [2, 0, 'starting', 10],
      [3, 0, 'tracing', 10],
      [4, 1, 'restoring', 10],
      [5, 1, 'tracing', 10],
      [6, 0, 'training', 10],
      [8, 1, 'training', 10],
      [9, 0, 'training', 11],
    );
    expect(clock.ms).toEqual({ starting: 4_000, tracing: 3_000, training: 1_000 });
    expect(clock.lastStepMs).toBe(9_000);
  });

  it('names what holds the steps up', () => {
    const clock = run(
      { members: 1 },
      [1, 0, 'training', 10],
      [2, 0, 'training', 11],
      [3, 0, 'evaluating', 12],
      [5, 0, 'training', 12],
      [6, 0, 'checkpointing', 13],
      [9, 0, 'training', 13],
      [10, 0, 'ending', 14],
      [14, 0, 'ending', 14],
    );
    expect(clock.ms).toEqual({ training: 4_000, evaluating: 2_000, checkpointing: 3_000, ending: 4_000 });
  });

  it('counts steps that had been done before as redone, also where one look shows both kinds', () => {
    const clock = run(
      { resumeStep: 0, doneBefore: 6, members: 1 },
      [1, 0, 'training', 0],
      [3, 0, 'training', 4],
      [7, 0, 'training', 8],
      [8, 0, 'training', 9],
    );
    expect(clock.ms).toEqual({ redone: 4_000, training: 3_000 });
    expect(timeOf(clock).reachedStep).toBe(9);
  });

  it('leaves what no step came of unsettled, and accounts for everything up to its end', () => {
    const before = run({ members: 1 }, [2, 0, 'tracing', 10], [4, 0, 'training', 10], [6, 0, 'training', 13]);
    const after = stopClock(before, 9_500);
    expect(after.ms).toEqual({ starting: 1_000, tracing: 2_000, training: 2_000, unsettled: 3_500 });
    expect(total(after)).toBe(8_500);
  });

  it('is taken up by another supervisor where the first one left it', () => {
    const known = { ms: { starting: 2_000, training: 5_000 }, reachedStep: 15 };
    const clock = run({ late: true, known }, [10, 0, 'training', 17], [11, 1, 'training', 17]);
    // The gap from second 8 to 10 saw two steps.
    expect(clock.ms).toEqual({ starting: 2_000, training: 7_000 });
    expect(total(stopClock(clock, 12_000))).toBe(11_000);
  });

  it('believes the first beacon of what went on before it, where nobody kept account', () => {
    const clock = run({ late: true }, [9, 0, 'training', 17]);
    expect(clock.ms).toEqual({ training: 8_000 });
  });

  it('is not moved by an unknown member or a clock that goes back', () => {
    const clock = run({ members: 1 }, [2, 0, 'training', 10], [4, 0, 'training', 12]);
    expect(seeMember(clock, { member: 7, phase: 'evaluating', step: 99 }, 9_000)).toBe(clock);
    const back = seeMember(clock, { member: 0, phase: 'training', step: 13 }, 3_000);
    expect(total(back) + back.pendingMs).toBe(3_000);
  });
});
