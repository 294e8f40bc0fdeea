export {
  beginClock,
  type ClockStart,
  type GenerationClock,
  type MemberStanding,
  seeMember,
  stopClock,
  timeOf,
} from './accounting/generation-clock.js';
export { recoveryCause } from './accounting/recovery-cause.js';
export { type AccountedAttempt, type AccountedGeneration, runTime } from './accounting/run-time.js';
export { checkpointsToDelete, type KeepableCheckpoint } from './checkpoint-retention.js';
export { chooseSnapshot } from './choose-snapshot.js';
export {
  type DecidedRun,
  decideAfterGeneration,
  type EndedGeneration,
  type RunDecision,
} from './decide-after-generation.js';
export { type FencedGeneration, fenceStep } from './fence-step.js';
export { laneCosts, type TrainingData } from './lane-costs.js';
export { lanesOf } from './lanes-of.js';
export { partNames } from './part-names.js';
export { placeLanes } from './place-lanes.js';
export {
  budgetSpent,
  countGround,
  countLoss,
  defaultBudgets,
  type LossHistory,
  type LossKind,
  noLosses,
  type RetryBudgets,
  retryDelayMs,
} from './retry-budget.js';
export { planShards } from './shard-plan.js';
export { strongerStop } from './stop-precedence.js';
export { type Supervised, type SupervisionEvent, supervise } from './supervise.js';
export { beginSupervision, type Supervision, type WatchedMember } from './supervision.js';
export { defaultLimits, type SupervisionLimits } from './supervision-limits.js';
export {
  expectedMicrobatches,
  laneSchedule,
  mostMicrobatches,
  type ScheduledRun,
  type TaskSchedule,
  taskSchedule,
} from './task-schedule.js';
export { withBuddies } from './with-buddies.js';
export { workerSilent } from './worker-silent.js';
