import type { Beacon, MemberEnding, TrainerStatus } from '@tributary/protocol';
import { type SupervisionEvent, supervise } from '../src/supervise.js';
import { beginSupervision, type Supervision } from '../src/supervision.js';
import { defaultLimits, type SupervisionLimits } from '../src/supervision-limits.js';

/** Generation 3 of a run of two workers: `a` hosts lane 0 as member 0, `b` hosts lane 1 as member 1. */
export const generation = {
  run: 'words-1',
  attempt: 1,
  generation: 3,
  members: [
    { member: 0, worker: 'a', lanes: [0] },
    { member: 1, worker: 'b', lanes: [1] },
  ] as never,
  resume: { step: 10 },
};

export function trainer(more: Partial<TrainerStatus> = {}): TrainerStatus {
  return {
    run: 'words-1',
    attempt: 1,
    generation: 3,
    member: 0,
    phase: 'training',
    step: 12,
    progress: 1,
    died: null,
    ...more,
  } as TrainerStatus;
}

export function beacon(
  worker: string,
  atMs: number,
  status: TrainerStatus | null = trainer(),
  more: Partial<Beacon> = {},
): SupervisionEvent {
  return {
    kind: 'beacon',
    atMs,
    beacon: { worker, incarnation: 'i1', draining: false, trainer: status, ...more } as Beacon,
  };
}

export function tick(atMs: number): SupervisionEvent {
  return { kind: 'tick', atMs };
}

export function ending(member: number, value: MemberEnding, over: { generation?: number } = {}): SupervisionEvent {
  return {
    kind: 'ending',
    document: {
      run: 'words-1' as never,
      attempt: 1,
      generation: over.generation ?? 3,
      member,
      worker: member === 0 ? 'a' : 'b',
      ending: value,
    },
  };
}

/** Every half second from `firstS` to before `endS`: a beacon of each named worker that makes progress, and a tick. */
export function halfSeconds(
  firstS: number,
  endS: number,
  workers: readonly string[] | Readonly<Record<string, (atMs: number) => TrainerStatus | null>>,
): SupervisionEvent[] {
  const progressing = (atMs: number): TrainerStatus => trainer({ progress: atMs });
  const shown = Array.isArray(workers)
    ? Object.fromEntries((workers as readonly string[]).map((worker) => [worker, progressing]))
    : (workers as Readonly<Record<string, (atMs: number) => TrainerStatus | null>>);
  const events: SupervisionEvent[] = [];
  for (let atMs = firstS * 1_000; atMs < endS * 1_000; atMs += 500) {
    for (const [worker, status] of Object.entries(shown)) events.push(beacon(worker, atMs, status(atMs)));
    events.push(tick(atMs));
  }
  return events;
}

/** Plays events until an outcome, and says when it came. */
export function play(
  events: readonly SupervisionEvent[],
  limits: SupervisionLimits = defaultLimits,
  from: Supervision = beginSupervision(generation, 0),
) {
  let state = from;
  const told: string[] = [];
  const handOvers: string[] = [];
  let nowMs = 0;
  for (const event of events) {
    if ('atMs' in event) nowMs = event.atMs;
    const next = supervise(state, event, limits);
    state = next.state;
    told.push(...next.told);
    if (next.handOver !== null) handOvers.push(next.handOver);
    if (next.outcome !== null) return { state, outcome: next.outcome, told, handOvers, endedAtMs: nowMs };
  }
  return { state, outcome: null, told, handOvers, endedAtMs: nowMs };
}
