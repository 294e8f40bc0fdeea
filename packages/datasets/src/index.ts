export type { Batch } from './batch.js';
export { type BatchCursor, type BatchCursorOptions, batchCursor, type CursorState } from './batch-cursor.js';
export type { BatchShape } from './batch-shapes.js';
export { type CandidateBatch, type CandidateRow, candidateBatches } from './candidate-batches.js';
export {
  type CorpusDocument,
  type CorpusPairs,
  corpusFormat,
  corpusOrigin,
  parseCorpusDocument,
} from './corpus-document.js';
export { candidateCount, candidatesOf, requireCandidates } from './distractors.js';
export {
  decodeSplit,
  type EncodedExample,
  type EncodedSplit,
  encodeSplit,
  type SplitContent,
  type SplitSequence,
} from './encoded-split.js';
export { type EvaluationOptions, evaluationBatches, sampleExamples } from './evaluation-batches.js';
export { type FilePair, inspectPairs } from './file-pairs.js';
export { type FrameSequence, framesOf } from './frame-sequence.js';
export { type GatheredTask, type GatherOptions, gatherExamples } from './gather-examples.js';
export { hashedSplit, type SplitName, type SplitShares, splitNames } from './hashed-split.js';
export { nearestPhones, phoneFeatureNames, phoneFeatures } from './phone-features.js';
export {
  type BuiltData,
  type BuiltSplit,
  buildData,
  type PrepareRunOptions,
  prepareRun,
  type ReadDataFile,
} from './prepare-run.js';
export { joinOf, type TokenSplit, textToSymbols } from './symbols.js';
export { decodeIds, type EncodedText, encodeText, type TextCodec, type TextSide, textCodec } from './text-codec.js';
export { openTokenizer } from './tokenizers/open-tokenizer.js';
export type { Tokenizer } from './tokenizers/tokenizer.js';
export { type Line, utf8Lines } from './utf8-lines.js';
export { loadWords, type Word, wordPairs, wordsSource } from './words.js';
