export type {
  AttemptRef,
  EndedGenerationRef,
  EndedRun,
  FinishRunInput,
  GenerationRef,
  LeaseSlotsInput,
  OpenedGeneration,
  OpenGenerationInput,
  OpenGenerationRef,
  RecordGenerationInput,
  SuperviseGenerationInput,
  TrainingActivities,
} from './training-activities.js';
export { type CarriedRun, type TrainingRunInput, trainingRun } from './training-run.workflow.js';
export { cancelSignal, pauseSignal, scaleSignal, statusQuery, type TrainingRunStatus } from './training-signals.js';
