export { editDistance } from './edit-distance.js';
export { type ErrorRates, errorRates, metricValue, type TeacherForcedSums } from './error-rates.js';
export type { GreedyGenerator } from './greedy-generator.js';
export {
  type BatchShape,
  createSequenceModel,
  type SequenceModel,
  type SequenceModelOptions,
  type TaskModel,
} from './sequence-model.js';
export type {
  BatchData,
  DrawKey,
  EvaluationSums,
  Evaluator,
  StepGradients,
  TaskParameters,
  TrainStep,
} from './task-runs.js';
