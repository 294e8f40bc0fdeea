import type { Beacon, GenerationOutcome, Member, MemberEnding, MemberEndingDocument } from '@tributary/protocol';
import { beaconIntervalMs, beaconSilenceMs } from '@tributary/protocol';
import { workerSilent } from './worker-silent.js';

/** How long the supervisor waits before it concludes something, in milliseconds. */
export interface SupervisionLimits {
  /** Silence after which a worker is lost. */
  readonly silenceMs: number;
  /** A longer gap between two ticks is the supervisor's own absence (stopped, cut off) and counts against nobody. */
  readonly ownAbsenceMs: number;
  /** A worker that beacons but has not shown this generation's trainer for so long will not start it. */
  readonly startMs: number;
  /** A trainer that was shown and no longer is, with no ending, is dead after so long. */
  readonly vanishedMs: number;
  /** After a stop request: time without any progress after which members will not stop by themselves. */
  readonly stopMs: number;
  /** Time without any progress of any member, all of them between steps or evaluating, after which they wait for each other in vain. */
  readonly stallMs: number;
}

export const defaultLimits: SupervisionLimits = {
  silenceMs: beaconSilenceMs,
  ownAbsenceMs: 2_000,
  startMs: 30_000,
  vanishedMs: 3 * beaconIntervalMs,
  stopMs: 60_000,
  stallMs: 600_000,
};

interface WatchedMember {
  readonly worker: string;
  readonly lastHeardMs: number;
  readonly incarnation: string | null;
  /** Whether a beacon has shown this generation's trainer. */
  readonly shown: boolean;
  /** Since when beacons have not shown it; null while they do. */
  readonly absentSinceMs: number | null;
  readonly progress: string;
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
  readonly lastTickMs: number;
  readonly lastProgressMs: number;
  readonly stopping: boolean;
}

/** All times are the supervisor's own clock. */
export type SupervisionEvent =
  | { readonly kind: 'beacon'; readonly atMs: number; readonly beacon: Beacon }
  | { readonly kind: 'ending'; readonly document: MemberEndingDocument }
  | { readonly kind: 'stop'; readonly atMs: number }
  | { readonly kind: 'tick'; readonly atMs: number };

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
    members: generation.members.map(({ worker }) => ({
      worker,
      lastHeardMs: nowMs,
      incarnation: null,
      shown: false,
      absentSinceMs: nowMs,
      progress: '',
      ending: null,
    })),
    step: generation.resume.step,
    lastTickMs: nowMs,
    lastProgressMs: nowMs,
    stopping: false,
  };
}

/** Takes one event in; `outcome` is null while the generation goes on. */
export function supervise(
  before: Supervision,
  event: SupervisionEvent,
  limits: SupervisionLimits = defaultLimits,
): { readonly state: Supervision; readonly outcome: GenerationOutcome | null } {
  switch (event.kind) {
    case 'beacon': {
      const { state, died } = hear(before, event.beacon, event.atMs);
      return { state, outcome: died === null ? null : lost(state, [died.worker], [], died.reason) };
    }
    case 'ending': {
      const state = end(before, event.document);
      return { state, outcome: concluded(state) };
    }
    case 'stop':
      return {
        state: before.stopping ? before : { ...before, stopping: true, lastProgressMs: event.atMs },
        outcome: null,
      };
    case 'tick': {
      const state = excuseOwnAbsence(before, event.atMs, limits);
      return { state, outcome: overdue(state, event.atMs, limits) };
    }
  }
}

function hear(
  state: Supervision,
  beacon: Beacon,
  atMs: number,
): { state: Supervision; died: { worker: string; reason: string } | null } {
  const index = state.members.findIndex((member) => member.worker === beacon.worker);
  const member = state.members[index];
  if (member === undefined || member.ending !== null) return { state, died: null };
  const trainer =
    beacon.trainer !== null &&
    beacon.trainer.run === state.run &&
    beacon.trainer.attempt === state.attempt &&
    beacon.trainer.generation === state.generation
      ? beacon.trainer
      : null;
  const restarted = member.shown && member.incarnation !== null && member.incarnation !== beacon.incarnation;
  const progress = trainer === null ? member.progress : `${trainer.phase}/${trainer.step}/${trainer.progress}`;
  const heard: WatchedMember = {
    ...member,
    lastHeardMs: atMs,
    incarnation: beacon.incarnation,
    shown: member.shown || trainer !== null,
    absentSinceMs: trainer === null ? (member.absentSinceMs ?? atMs) : null,
    progress,
  };
  const next: Supervision = {
    ...state,
    members: state.members.with(index, heard),
    step: Math.max(state.step, trainer?.step ?? 0),
    lastProgressMs: progress === member.progress ? state.lastProgressMs : atMs,
  };
  if (trainer?.died) return { state: next, died: { worker: member.worker, reason: trainer.died.reason } };
  if (restarted && trainer === null)
    return { state: next, died: { worker: member.worker, reason: 'its agent was restarted' } };
  return { state: next, died: null };
}

function end(state: Supervision, document: MemberEndingDocument): Supervision {
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

/** The outcome that the endings so far give: any failure at once, else once all members have ended. */
function concluded(state: Supervision): GenerationOutcome | null {
  for (const { worker, ending } of state.members)
    if (ending?.outcome === 'failed')
      return { kind: 'failed', step: state.step, code: ending.code, reason: `worker ${worker}: ${ending.reason}` };
  const endings = state.members.map((member) => member.ending).filter((ending) => ending !== null);
  const [first] = endings;
  if (first === undefined || endings.length < state.members.length) return null;
  if (endings.some((ending) => ending.outcome !== first.outcome || ending.step !== first.step))
    return {
      kind: 'failed',
      step: state.step,
      code: 'DIVERGED',
      reason: `members ended differently: ${state.members
        .map(({ worker, ending }) => `${worker} ${ending?.outcome} at step ${ending?.step}`)
        .join(', ')}`,
    };
  if (first.outcome === 'paused') return { kind: 'paused', step: first.step, reason: first.reason };
  return { kind: first.outcome === 'finished' ? 'finished' : 'cancelled', step: first.step };
}

function excuseOwnAbsence(state: Supervision, nowMs: number, limits: SupervisionLimits): Supervision {
  const gapMs = nowMs - state.lastTickMs;
  if (gapMs <= limits.ownAbsenceMs) return { ...state, lastTickMs: nowMs };
  return {
    ...state,
    lastTickMs: nowMs,
    lastProgressMs: state.lastProgressMs + gapMs,
    members: state.members.map((member) => ({
      ...member,
      lastHeardMs: Math.min(nowMs, member.lastHeardMs + gapMs),
      absentSinceMs: member.absentSinceMs === null ? null : Math.min(nowMs, member.absentSinceMs + gapMs),
    })),
  };
}

function overdue(state: Supervision, nowMs: number, limits: SupervisionLimits): GenerationOutcome | null {
  const awaited = state.members.filter((member) => member.ending === null);
  const silent = awaited.filter((member) => workerSilent(member.lastHeardMs, nowMs, limits.silenceMs));
  if (silent.length > 0) {
    const names = silent.map((member) => member.worker);
    const seconds = Math.round(limits.silenceMs / 1_000);
    return lost(state, names, names, `no beacon for ${seconds} s`);
  }
  for (const { worker, absentSinceMs, shown } of awaited) {
    if (absentSinceMs === null) continue;
    const limitMs = shown ? limits.vanishedMs : limits.startMs;
    if (nowMs - absentSinceMs > limitMs)
      return lost(
        state,
        [worker],
        [],
        shown ? 'its trainer vanished without an ending' : `it started no trainer within ${limitMs / 1_000} s`,
      );
  }
  if (state.stopping && nowMs - state.lastProgressMs > limits.stopMs)
    return lost(
      state,
      awaited.map((member) => member.worker),
      [],
      `asked to stop, and no progress for ${limits.stopMs / 1_000} s`,
    );
  if (awaited.every(stepping) && nowMs - state.lastProgressMs > limits.stallMs)
    return lost(
      state,
      awaited.map((member) => member.worker),
      [],
      `no progress for ${limits.stallMs / 1_000} s`,
    );
  return null;
}

/** In a phase that shows progress often; tracing, restoring and waiting for a store may take any time. */
function stepping({ progress }: WatchedMember): boolean {
  return /^(training|evaluating)\//.test(progress);
}

function lost(state: Supervision, workers: string[], unreachable: string[], why: string): GenerationOutcome {
  const noun = workers.length === 1 ? 'worker' : 'workers';
  return {
    kind: 'worker-lost',
    workers,
    unreachable,
    step: state.step,
    reason: `${noun} ${workers.join(', ')}: ${why}`,
  };
}
