import type { GenerationOutcome } from '@tributary/protocol';
import { type Supervision, type WatchedMember, workersLost } from './supervision.js';
import type { SupervisionLimits } from './supervision-limits.js';
import { workerSilent } from './worker-silent.js';

export interface SilenceFound {
  readonly state: Supervision;
  readonly told: readonly string[];
  readonly outcome: GenerationOutcome | null;
}

/** Tells of workers that have just become unreachable, and takes those for lost whose grace is over as well. */
export function silentWorkers(before: Supervision, nowMs: number, limits: SupervisionLimits): SilenceFound {
  const silent = (member: WatchedMember, ms: number): boolean =>
    member.ending === null && workerSilent(member.lastHeardMs, nowMs, ms);
  const told: string[] = [];
  const members = before.members.map((member) => {
    if (member.unreachable || !silent(member, limits.silenceMs)) return member;
    const leftMs = Math.max(0, member.lastHeardMs + limits.silenceMs + limits.graceMs - nowMs);
    told.push(
      `Worker ${member.worker} is unreachable: no beacon for ${seconds(nowMs - member.lastHeardMs)} s. ${laneNames(member)} to others in ${seconds(leftMs)} s, unless it comes back.`,
    );
    return { ...member, unreachable: true };
  });
  const state = { ...before, members };
  const lost = members.filter((member) => silent(member, limits.silenceMs + limits.graceMs));
  if (lost.length === 0) return { state, told, outcome: null };
  const silenceMs = nowMs - Math.max(...lost.map((member) => member.lastHeardMs));
  const outcome = workersLost(state, {
    workers: lost.map((member) => member.worker),
    unreachable: members.filter((member) => silent(member, limits.silenceMs)).map((member) => member.worker),
    why: `no beacon for ${seconds(silenceMs)} s, its grace included`,
  });
  return { state, told, outcome };
}

/** What is told of a worker that is heard again before its lanes have moved. */
export function backInGrace({ worker, lanes }: WatchedMember): string {
  return `Worker ${worker} is back and keeps its ${lanes.length === 1 ? 'lane' : 'lanes'}.`;
}

function laneNames({ lanes }: WatchedMember): string {
  return lanes.length === 1 ? `Its lane ${lanes[0]} moves` : `Its lanes ${lanes.join(', ')} move`;
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000);
}
