import { type TextCodec, textCodec } from '@tributary/datasets';
import type { PreparedRun } from '@tributary/protocol';
import type { TokenizerBytes } from './compute-messages.js';
import { taskOf } from './prepared-model.js';

export interface TextCodecs {
  readonly source: TextCodec;
  readonly target: TextCodec;
}

/** How a prepared run's task turns text into ids and back, on both sides. */
export function textCodecs(prepared: PreparedRun, task: string, tokenizers: TokenizerBytes): TextCodecs {
  const stored = taskOf(prepared, task);
  const { targetVocabulary, sourceSplit, targetSplit, sourceJoin, targetJoin } = stored;
  const { sourceTokenizer, targetTokenizer } = tokenizers;
  const source = textCodec({
    ...{ vocabulary: prepared.sourceVocabulary, split: sourceSplit, join: sourceJoin },
    document: sourceTokenizer,
  });
  // Large ones take time and memory to read.
  if (stored.sourceTokenizer && stored.sourceTokenizer.sha256 === stored.targetTokenizer?.sha256)
    return { source, target: source };
  const target = { vocabulary: targetVocabulary, split: targetSplit, join: targetJoin };
  return { source, target: textCodec({ ...target, document: targetTokenizer }) };
}
