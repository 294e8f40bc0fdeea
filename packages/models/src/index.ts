export type { DecodedOutput, Decoder, DecodingInput } from './decoding/decoder.js';
export type { DecodingOptions } from './decoding/search.js';
export { editDistance } from './edit-distance.js';
export { type ErrorRates, errorRates, metricValue, peakSignalToNoise, type TeacherForcedSums } from './error-rates.js';
export type { FeatureGenerator } from './feature-generator.js';
export type { GreedyGenerator } from './greedy-generator.js';
export { type MatchedWeights, matchWeights, type WeightRule, type WeightTensor } from './match-weights.js';
export { createSequenceModel, type SequenceModel, type SequenceModelOptions } from './sequence-model.js';
export type { BatchShape, SequenceTaskOptions, TaskModel } from './task-model.js';
export type {
  BatchData,
  DrawKey,
  EvaluationSums,
  Evaluator,
  RowScorer,
  StepGradients,
  TaskParameters,
  TrainStep,
} from './task-runs.js';
