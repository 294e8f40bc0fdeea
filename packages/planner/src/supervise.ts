import type { Beacon, GenerationOutcome, MemberEndingDocument } from '@tributary/protocol';
import { concludeEndings } from './conclude-endings.js';
import { hearBeacon } from './hear-beacon.js';
import { hungMembers } from './hung-members.js';
import { silentWorkers } from './silent-workers.js';
import { excuseAbsence, type Supervision, workersLost } from './supervision.js';
import { defaultLimits, type SupervisionLimits } from './supervision-limits.js';

/** All times are the supervisor's own clock. */
export type SupervisionEvent =
  | { readonly kind: 'beacon'; readonly atMs: number; readonly beacon: Beacon }
  | { readonly kind: 'ending'; readonly document: MemberEndingDocument }
  /** Members have been asked to stop. */
  | { readonly kind: 'stop'; readonly atMs: number }
  /** The run might move its lanes, and why: to a worker that is free, or because it has more than it should. */
  | { readonly kind: 'offer'; readonly reason: string }
  | { readonly kind: 'tick'; readonly atMs: number };

export interface Supervised {
  readonly state: Supervision;
  /** Null while the generation goes on. */
  readonly outcome: GenerationOutcome | null;
  /** What those who watch the run should know: sentences. Nothing has ended by them. */
  readonly told: readonly string[];
  /** Why members should be asked for a hand-over now; null where they should not. */
  readonly handOver: string | null;
}

/** Takes one event in. */
export function supervise(
  before: Supervision,
  event: SupervisionEvent,
  limits: SupervisionLimits = defaultLimits,
): Supervised {
  switch (event.kind) {
    case 'beacon': {
      const { leaves, ...heard } = hearBeacon(before, event.beacon, event.atMs);
      if (!leaves || heard.outcome !== null) return { ...heard, handOver: null };
      const { state, told, handOver } = askHandOver(heard.state, `worker ${event.beacon.worker} leaves`);
      return { ...heard, state, told: [...heard.told, ...told], handOver };
    }
    case 'ending': {
      const state = takeEnding(before, event.document);
      return { ...quiet(state), outcome: concludeEndings(state) };
    }
    case 'stop':
      return quiet(before.stopping ? before : { ...before, stopping: true, lastProgressMs: event.atMs });
    case 'offer':
      return { ...askHandOver(before, event.reason), outcome: null };
    case 'tick': {
      const gapMs = event.atMs - before.lastTickMs;
      const excused = gapMs > limits.ownAbsenceMs ? excuseAbsence(before, gapMs, event.atMs) : before;
      const silence = silentWorkers({ ...excused, lastTickMs: event.atMs }, event.atMs, limits);
      const { state, told } = silence;
      const outcome =
        silence.outcome ?? absentTrainer(state, event.atMs, limits) ?? hungMembers(state, event.atMs, limits);
      return { state, told, outcome, handOver: null };
    }
  }
}

function quiet(state: Supervision): Supervised {
  return { state, outcome: null, told: [], handOver: null };
}

/** Asks once; a generation that is stopping anyway is not asked. */
function askHandOver(state: Supervision, reason: string): Omit<Supervised, 'outcome'> {
  if (state.stopping || state.handOver !== null) return { state, told: [], handOver: null };
  return { state: { ...state, handOver: reason }, told: [`Lanes move at the next step: ${reason}.`], handOver: reason };
}

function takeEnding(state: Supervision, document: MemberEndingDocument): Supervision {
  const { member: index, ending } = document;
  const member = state.members[index];
  if (
    member === undefined ||
    document.run !== state.run ||
    document.attempt !== state.attempt ||
    document.generation !== state.generation
  )
    return state;
  return {
    ...state,
    members: state.members.with(index, { ...member, ending }),
    step: Math.max(state.step, ending.step),
  };
}

/** A worker that answers and does not have the trainer that it should have. */
function absentTrainer(state: Supervision, nowMs: number, limits: SupervisionLimits): GenerationOutcome | null {
  for (const { worker, absentSinceMs, trainer, ending, unreachable } of state.members) {
    if (absentSinceMs === null || ending !== null || unreachable) continue;
    const limitMs = trainer === null ? limits.startMs : limits.vanishedMs;
    if (nowMs - absentSinceMs > limitMs)
      return workersLost(state, {
        workers: [worker],
        why:
          trainer === null
            ? `it started no trainer within ${limitMs / 1_000} s`
            : 'its trainer vanished without an ending',
      });
  }
  return null;
}
