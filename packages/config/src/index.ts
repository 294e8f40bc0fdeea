export { type JsonSchema, runFileJsonSchema } from './json-schema.js';
export {
  maxRunFileBytes,
  type ParseOptions,
  parseRunFile,
  tooLargeMessage,
  validateRunFile,
} from './parse-run-file.js';
export {
  type DataSpec,
  durationMs,
  type EncoderSpec,
  type GeneratorSpec,
  type InitSpec,
  type MetricName,
  type ModelSpec,
  maxLanes,
  metricNames,
  type OptimizerSpec,
  type RunFile,
  type RunFileInput,
  runFileSchema,
  type ScheduleSpec,
  type TaskSpec,
} from './run-file.js';
export { RunFileError, type RunFileProblem } from './run-file-error.js';
