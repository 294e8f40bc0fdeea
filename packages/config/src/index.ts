export {
  type CorpusName,
  type CorpusPairName,
  corpusNames,
  pairsOfCorpus,
  type TranslationLanguage,
  translationLanguages,
} from './corpus-names.js';
export { asFileData, corpusDocumentPath, corpusFileOf, dataPaths, type FileDataSpec } from './data-files.js';
export { type EarlyStopSpec, watchedTask } from './early-stop-schema.js';
export {
  type GenerateOptionsInput,
  generateOptionsSchema,
  generateRequestFields,
  longestOutput,
  longestSource,
  mostAttention,
  mostOutputs,
  mostSources,
  refineAttention,
} from './generate-options.js';
export { generatedSourceSchema } from './generated-schema.js';
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
} from './run-file.js';
export { RunFileError, type RunFileProblem } from './run-file-error.js';
export { nearestMultiples, type SyncSpec, stepsOfExchange } from './sync-schema.js';
export { longestNote, tagKeyPattern, tagKeyRule, tagsOfRunSchema } from './tags-schema.js';
export { metricNames, type TextMetricName, textMetricNames } from './task-output-schema.js';
export { type TokensSpec, tokenizerId } from './tokens-schema.js';
