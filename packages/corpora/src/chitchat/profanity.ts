import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from 'obscenity';

/**
 * Finds English profanity by the word list of `obscenity`, also where letters are doubled, spaced or replaced (`sh1t`).
 * Made anew by each caller: it compiles the list.
 */
export function profanityFilter(): (text: string) => boolean {
  const matcher = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });
  return (text) => matcher.hasMatch(text);
}
