import type { GenerationOutcome, Member, MemberEnding, TrainerStatus } from '@tributary/protocol';
import type { SnapshotHash } from './compare-snapshots.js';

/** What a supervisor knows of one member. All times are its own clock's. */
export interface WatchedMember {
  readonly worker: string;
  readonly lanes: readonly number[];
  readonly lastHeardMs: number;
  /** Whether its silence has been told. */
  readonly unreachable: boolean;
  readonly incarnation: string | null;
  /** This generation's trainer as a beacon showed it last; null before any has. */
  readonly trainer: TrainerStatus | null;
  /** Since when beacons have not shown it; null while they do. */
  readonly absentSinceMs: number | null;
  /** When it last showed progress, or was last seen to wait for other members. */
  readonly busySinceMs: number;
  readonly stepSinceMs: number;
  readonly ending: MemberEnding | null;
}

/** What a supervisor knows of one generation. A value: rebuilt from KV and the next beacons whenever it is lost. */
export interface Supervision {
  readonly run: string;
  readonly attempt: number;
  readonly generation: number;
  readonly members: readonly WatchedMember[];
  /** The highest step that a member has shown. */
  readonly step: number;
  readonly slowestStepMs: number;
  readonly lastTickMs: number;
  readonly lastProgressMs: number;
  readonly stopping: boolean;
  /** Why a hand-over was asked for; null where none was. */
  readonly handOver: string | null;
  /** Of recent snapshots. */
  readonly snapshots: readonly SnapshotHash[];
}

/** A generation as its supervisor sees it first: every member counts as heard now. */
export function beginSupervision(
  generation: {
    readonly run: string;
    readonly attempt: number;
    readonly generation: number;
    readonly members: readonly Member[];
    readonly resume: { readonly step: number };
  },
  nowMs: number,
): Supervision {
  return {
    run: generation.run,
    attempt: generation.attempt,
    generation: generation.generation,
    members: generation.members.map(({ worker, lanes }) => ({
      worker,
      lanes,
      lastHeardMs: nowMs,
      unreachable: false,
      incarnation: null,
      trainer: null,
      absentSinceMs: nowMs,
      busySinceMs: nowMs,
      stepSinceMs: nowMs,
      ending: null,
    })),
    step: generation.resume.step,
    slowestStepMs: 0,
    lastTickMs: nowMs,
    lastProgressMs: nowMs,
    stopping: false,
    handOver: null,
    snapshots: [],
  };
}

/** The outcome of a generation that loses these workers. */
export function workersLost(
  state: Supervision,
  loss: {
    readonly workers: readonly string[];
    readonly unreachable?: readonly string[];
    readonly crashed?: boolean;
    readonly why: string;
  },
): GenerationOutcome {
  const { workers, unreachable = [], crashed = false, why } = loss;
  const noun = workers.length === 1 ? 'worker' : 'workers';
  return {
    kind: 'worker-lost',
    workers,
    unreachable,
    step: state.step,
    reason: `${noun} ${workers.join(', ')}: ${why}`,
    ...(crashed ? { crashed } : {}),
  };
}

/** Moves every time by the gap for which the supervisor itself was away: it counts against nobody. */
export function excuseAbsence(state: Supervision, gapMs: number, nowMs: number): Supervision {
  const later = (atMs: number): number => Math.min(nowMs, atMs + gapMs);
  return {
    ...state,
    lastProgressMs: later(state.lastProgressMs),
    members: state.members.map((member) => ({
      ...member,
      lastHeardMs: later(member.lastHeardMs),
      absentSinceMs: member.absentSinceMs === null ? null : later(member.absentSinceMs),
      busySinceMs: later(member.busySinceMs),
      stepSinceMs: later(member.stepSinceMs),
    })),
  };
}
