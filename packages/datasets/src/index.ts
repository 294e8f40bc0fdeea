export type { Batch } from './batch.js';
export { type BatchCursor, type BatchCursorOptions, batchCursor, type CursorState } from './batch-cursor.js';
export type { BatchShape } from './batch-shapes.js';
export {
  decodeSplit,
  type EncodedExample,
  type EncodedSplit,
  encodeSplit,
  type SplitContent,
} from './encoded-split.js';
export { type EvaluationOptions, evaluationBatches, sampleExamples } from './evaluation-batches.js';
export { type FileData, inspectPairs, type TextPair } from './file-pairs.js';
export { hashedSplit, type SplitName, type SplitShares, splitNames } from './hashed-split.js';
export {
  type BuiltData,
  type BuiltSplit,
  buildData,
  type PrepareRunOptions,
  prepareRun,
  type ReadDataFile,
} from './prepare-run.js';
export {
  type EncodedText,
  type EncodeTextOptions,
  encodeText,
  idsToText,
  joinOf,
  symbolsToText,
  type TokenSplit,
  textToSymbols,
} from './symbols.js';
export { loadWords, type Word, wordPairs, wordsSource } from './words.js';
