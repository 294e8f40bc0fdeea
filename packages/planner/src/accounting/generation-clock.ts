import type { GenerationTime, GenerationTimeUse, TrainerPhase } from '@tributary/protocol';

/** What a supervisor knows of where a generation's time goes. A value; all times are the supervisor's own clock. */
export interface GenerationClock {
  readonly resumeStep: number;
  /** Steps up to here had been done by earlier generations. */
  readonly doneBefore: number;
  /** Its supervisor has come later, and learns from the first beacon what went on before. */
  readonly late: boolean;
  readonly step: number;
  /** By member; null: not seen yet. */
  readonly phases: readonly (TrainerPhase | null)[];
  /** All time before it is in `ms`, but for `pendingMs`. */
  readonly atMs: number;
  /** Since the last step: the next one says what it was for. */
  readonly pendingMs: number;
  readonly ms: Readonly<Partial<Record<GenerationTimeUse, number>>>;
  /** When the last step was seen; null before the first. */
  readonly lastStepMs: number | null;
}

/** Where one member stands, as its beacon tells. */
export interface MemberStanding {
  readonly member: number;
  readonly phase: TrainerPhase;
  readonly step: number;
}

export interface ClockStart {
  readonly resumeStep: number;
  readonly doneBefore: number;
  readonly members: number;
  readonly openedAtMs: number;
  /** The generation has gone on for a while. */
  readonly late: boolean;
  /** What another supervisor has accounted for already; null: nothing. */
  readonly known: GenerationTime | null;
}

export function beginClock({ members, openedAtMs, known, ...start }: ClockStart): GenerationClock {
  const ms = known?.ms ?? {};
  const { resumeStep } = start;
  return {
    ...start,
    step: Math.max(resumeStep, known?.reachedStep ?? 0),
    phases: Array.from({ length: members }, () => null),
    atMs: openedAtMs + sum(ms),
    pendingMs: 0,
    ms,
    lastStepMs: null,
  };
}

/**
 * Takes in where a member stands. The time since the event before went to what the slowest member was doing then: before the first
 * step everybody waits for it; later an evaluation or a checkpoint holds all up. The rest belongs to the next step.
 */
export function seeMember(
  before: GenerationClock,
  { member, phase, step }: MemberStanding,
  atMs: number,
): GenerationClock {
  if (member >= before.phases.length) return before;
  const phases = before.phases.with(member, phase);
  const seen = before.late ? phases : before.phases;
  const passed = pass(before, useOf(seen, before.step > before.resumeStep || step > before.resumeStep), atMs);
  const moved = { ...passed, phases, late: false };
  return step > before.step ? settle(moved, step, atMs) : moved;
}

/** The clock when its generation has ended; what no step came of is `unsettled`. */
export function stopClock(before: GenerationClock, atMs: number): GenerationClock {
  const { pendingMs, ms, ...rest } = pass(before, useOf(before.phases, before.step > before.resumeStep), atMs);
  return { ...rest, pendingMs: 0, ms: add(ms, 'unsettled', pendingMs) };
}

/** What has been accounted for so far. */
export function timeOf({ ms, step }: GenerationClock): GenerationTime {
  return { ms, reachedStep: step };
}

/** Null: it belongs to the next step. */
function useOf(phases: readonly (TrainerPhase | null)[], stepped: boolean): GenerationTimeUse | null {
  const some = (...wanted: (TrainerPhase | null)[]): boolean => phases.some((phase) => wanted.includes(phase));
  if (!stepped) {
    if (some(null, 'starting', 'restoring')) return 'starting';
    if (some('tracing')) return 'tracing';
    // A restored state is written again before the first step.
    if (some('checkpointing')) return 'starting';
  }
  if (some('evaluating')) return 'evaluating';
  if (some('checkpointing')) return 'checkpointing';
  return some('ending') ? 'ending' : null;
}

function pass(clock: GenerationClock, use: GenerationTimeUse | null, atMs: number): GenerationClock {
  const passedMs = Math.max(0, atMs - clock.atMs);
  const later = { ...clock, atMs: clock.atMs + passedMs };
  return use === null
    ? { ...later, pendingMs: clock.pendingMs + passedMs }
    : { ...later, ms: add(clock.ms, use, passedMs) };
}

/** Steps were done: those that had been done before are shared out of the pending time by their number. */
function settle(clock: GenerationClock, step: number, atMs: number): GenerationClock {
  const { doneBefore, pendingMs } = clock;
  const again = Math.max(0, Math.min(step, doneBefore) - clock.step) / (step - clock.step);
  const ms = add(add(clock.ms, 'redone', pendingMs * again), 'training', pendingMs * (1 - again));
  return { ...clock, ms, step, pendingMs: 0, lastStepMs: atMs };
}

function add(ms: GenerationClock['ms'], use: GenerationTimeUse, moreMs: number): GenerationClock['ms'] {
  return moreMs === 0 ? ms : { ...ms, [use]: (ms[use] ?? 0) + moreMs };
}

function sum(ms: GenerationClock['ms']): number {
  return Object.values(ms).reduce((total, each) => total + each, 0);
}
