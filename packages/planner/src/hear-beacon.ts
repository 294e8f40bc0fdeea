import type { Beacon, GenerationOutcome, TrainerStatus } from '@tributary/protocol';
import { compareSnapshots } from './compare-snapshots.js';
import { awaitsMembers } from './hung-members.js';
import { backInGrace } from './silent-workers.js';
import { type Supervision, type WatchedMember, workersLost } from './supervision.js';

export interface HeardBeacon {
  readonly state: Supervision;
  readonly told: readonly string[];
  readonly outcome: GenerationOutcome | null;
  /** The worker wants its lanes to move. */
  readonly leaves: boolean;
}

/** Takes in what an agent says of itself and its trainer. A member that has ended, and other workers, are past caring. */
export function hearBeacon(before: Supervision, beacon: Beacon, atMs: number): HeardBeacon {
  const index = before.members.findIndex((member) => member.worker === beacon.worker);
  const member = before.members[index];
  if (member === undefined || member.ending !== null) return { state: before, told: [], outcome: null, leaves: false };
  const trainer = ofGeneration(before, beacon.trainer);
  const heard = heardMember(member, beacon, trainer, atMs);
  const told = member.unreachable ? [backInGrace(member)] : [];
  const { known, differing } = trainer?.snapshot
    ? compareSnapshots(before.snapshots, { worker: beacon.worker, ...trainer.snapshot })
    : { known: before.snapshots, differing: null };
  const state: Supervision = {
    ...before,
    members: before.members.with(index, heard),
    step: Math.max(before.step, trainer?.step ?? 0),
    slowestStepMs: Math.max(before.slowestStepMs, stepMs(member, trainer, atMs)),
    lastProgressMs: progressed(member.trainer, trainer) ? atMs : before.lastProgressMs,
    snapshots: known,
  };
  const diverged: GenerationOutcome | null =
    differing === null ? null : { kind: 'failed', step: state.step, code: 'DIVERGED', reason: differing };
  return { state, told, outcome: diverged ?? died(state, member, beacon, trainer), leaves: beacon.draining };
}

function ofGeneration({ run, attempt, generation }: Supervision, trainer: TrainerStatus | null): TrainerStatus | null {
  return trainer?.run === run && trainer.attempt === attempt && trainer.generation === generation ? trainer : null;
}

function heardMember(
  member: WatchedMember,
  { incarnation }: Beacon,
  trainer: TrainerStatus | null,
  atMs: number,
): WatchedMember {
  const common = { ...member, lastHeardMs: atMs, unreachable: false, incarnation };
  if (trainer === null) return { ...common, absentSinceMs: member.absentSinceMs ?? atMs };
  return {
    ...common,
    trainer,
    absentSinceMs: null,
    busySinceMs: progressed(member.trainer, trainer) || awaitsMembers({ trainer }) ? atMs : member.busySinceMs,
    stepSinceMs:
      member.trainer?.phase === trainer.phase && member.trainer.step === trainer.step ? member.stepSinceMs : atMs,
  };
}

function progressed(before: TrainerStatus | null, now: TrainerStatus | null): boolean {
  if (now === null) return false;
  return before?.phase !== now.phase || before.step !== now.step || before.progress !== now.progress;
}

/** How long a step took, as far as beacons show; 0 where they do not. */
function stepMs({ trainer: before, stepSinceMs }: WatchedMember, now: TrainerStatus | null, atMs: number): number {
  if (before?.phase !== 'training' || now?.phase !== 'training' || now.step <= before.step) return 0;
  return (atMs - stepSinceMs) / (now.step - before.step);
}

function died(
  state: Supervision,
  { worker, trainer: before, incarnation }: WatchedMember,
  beacon: Beacon,
  trainer: TrainerStatus | null,
): GenerationOutcome | null {
  if (trainer?.died)
    return workersLost(state, { workers: [worker], crashed: trainer.died.crashed, why: trainer.died.reason });
  const restarted = before !== null && incarnation !== null && incarnation !== beacon.incarnation;
  if (restarted && trainer === null) return workersLost(state, { workers: [worker], why: 'its agent was restarted' });
  return null;
}
