export { type JsonSchema, runFileJsonSchema } from './json-schema.js';
export {
  maxRunFileBytes,
  type ParseOptions,
  parseRunFile,
  tooLargeMessage,
  validateRunFile,
} from './parse-run-file.js';
export {
  type CombinerSpec,
  type DataSpec,
  durationMs,
  type EncoderSpec,
  type FeatureActivation,
  type GeneratorSpec,
  type HeadSpec,
  type InitSpec,
  longestNote,
  longestTag,
  type MetricName,
  type ModelSpec,
  maxLanes,
  type OptimizerSpec,
  type RunFile,
  type RunFileInput,
  runFileSchema,
  type SamplingSpec,
  type ScheduleSpec,
  type TaskSpec,
  tagKeyPattern,
} from './run-file.js';
export { RunFileError, type RunFileProblem } from './run-file-error.js';
export { nearestMultiples, type SyncSpec, stepsOfExchange } from './sync-schema.js';
export { metricNames } from './task-output-schema.js';
