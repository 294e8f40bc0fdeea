export type {
  AttemptRef,
  EndedGenerationRef,
  EndedRun,
  FinishRunInput,
  GenerationRef,
  OpenedGeneration,
  OpenGenerationInput,
  ReleaseSlotsInput,
  TrainingActivities,
} from './training-activities.js';
export { type CarriedRun, type TrainingRunInput, trainingRun } from './training-run.workflow.js';
export { cancelSignal, pauseSignal, statusQuery, type TrainingRunStatus } from './training-signals.js';
