import { type RandomStream, randomStream } from '@tributary/random';
import { decodeSplit, type EncodedSplit, encodeSplit, type SplitContent } from './encoded-split.js';

/** Random examples with 1 to 3 references, for property tests. */
export function randomContent(seed: number, examples: number, longest = 20): SplitContent {
  const stream = randomStream(seed, 'test');
  const vocabulary = 4 + 1 + stream.below(30);
  const row = (draw: RandomStream): Int32Array =>
    Int32Array.from({ length: 1 + draw.below(longest) }, () => 4 + draw.below(vocabulary - 4));
  return {
    sourceVocabulary: vocabulary,
    targetVocabulary: vocabulary,
    examples: Array.from({ length: examples }, () => ({
      source: row(stream),
      targets: Array.from({ length: 1 + stream.below(3) }, () => row(stream)),
    })),
  };
}

export function randomSplit(seed: number, examples: number, longest = 20): EncodedSplit {
  return decodeSplit(encodeSplit(randomContent(seed, examples, longest)));
}
