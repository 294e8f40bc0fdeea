import type { GenerationOutcome, TrainerPhase } from '@tributary/protocol';
import { type Supervision, type WatchedMember, workersLost } from './supervision.js';
import type { SupervisionLimits } from './supervision-limits.js';
import { workerSilent } from './worker-silent.js';

/** Blames members whose trainers are there and do nothing, naming the phase and who waits for them. Silent workers are another matter. */
export function hungMembers(state: Supervision, nowMs: number, limits: SupervisionLimits): GenerationOutcome | null {
  const awaited = state.members.filter((member) => member.ending === null);
  const heard = awaited.filter(({ lastHeardMs }) => !workerSilent(lastHeardMs, nowMs, limits.silenceMs));
  for (const member of heard) {
    const why = silentTrainer(member, limits) ?? overdue(member, nowMs, deadlines(state, limits));
    if (why !== null)
      return workersLost(state, { workers: [member.worker], why: `${why}${waitingFor(state, member)}` });
  }
  if (heard.length < awaited.length || awaited.length === 0) return null;
  const all = awaited.map((member) => member.worker);
  const idleMs = nowMs - state.lastProgressMs;
  const stepMs = deadlines(state, limits).training;
  if (state.stopping && awaited.every(betweenSteps) && idleMs > Math.max(limits.stopMs, stepMs))
    return workersLost(state, { workers: all, why: `asked to stop, and no progress for ${seconds(idleMs)}` });
  if (awaited.every(awaitsMembers) && idleMs > Math.max(limits.stallMs, stepMs))
    return workersLost(state, {
      workers: all,
      why: `they wait for each other without progress for ${seconds(idleMs)}`,
    });
  return null;
}

/** Whether the member can do nothing by itself now. */
export function awaitsMembers({ trainer }: Pick<WatchedMember, 'trainer'>): boolean {
  return trainer?.awaiting?.kind === 'members' && trainer.awaiting.members.length > 0;
}

function silentTrainer({ trainer, absentSinceMs }: WatchedMember, limits: SupervisionLimits): string | null {
  if (trainer === null || absentSinceMs !== null) return null;
  const silentMs = trainer.silentMs ?? 0;
  if (silentMs <= limits.trainerSilenceMs) return null;
  return `its trainer's process, ${trainer.phase} at step ${trainer.step}, has said nothing for ${seconds(silentMs)}`;
}

function overdue(
  member: WatchedMember,
  nowMs: number,
  deadlineMs: Readonly<Record<TrainerPhase, number>>,
): string | null {
  const { trainer, busySinceMs, absentSinceMs } = member;
  if (trainer === null || absentSinceMs !== null) return null;
  const idleMs = nowMs - busySinceMs;
  if (idleMs <= deadlineMs[trainer.phase]) return null;
  return `no progress for ${seconds(idleMs)} while ${trainer.phase} at step ${trainer.step}`;
}

function deadlines({ slowestStepMs }: Supervision, limits: SupervisionLimits): Readonly<Record<TrainerPhase, number>> {
  const { phaseMs, slowestStepFactor } = limits;
  return { ...phaseMs, training: Math.max(phaseMs.training, slowestStepFactor * slowestStepMs) };
}

function waitingFor({ members }: Supervision, hung: WatchedMember): string {
  const index = members.indexOf(hung);
  const waiting = members.filter(
    ({ trainer, ending }) =>
      ending === null &&
      trainer?.awaiting?.kind === 'members' &&
      trainer.awaiting.members.some((awaited) => awaited === index),
  );
  if (waiting.length === 0) return '';
  const names = waiting.map((member) => member.worker).join(', ');
  return waiting.length === 1 ? `; worker ${names} waits for it` : `; workers ${names} wait for it`;
}

function betweenSteps({ trainer }: WatchedMember): boolean {
  return trainer !== null && (trainer.phase === 'training' || trainer.phase === 'evaluating');
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
