/** Languages into which Debian's descriptions are translated here. */
export const translationLanguages = ['de', 'fr', 'it', 'da'] as const;
export type TranslationLanguage = (typeof translationLanguages)[number];

/** The corpora that `tributary data fetch` knows. */
export const corpusNames = ['debian', 'chitchat'] as const;
export type CorpusName = (typeof corpusNames)[number];

const debianPairNames = [
  'summarise',
  'translate-de',
  'translate-fr',
  'translate-it',
  'translate-da',
  'translate-de-paragraphs',
  'translate-fr-paragraphs',
  'translate-it-paragraphs',
  'translate-da-paragraphs',
] as const;
const chitchatPairNames = ['reply'] as const;

export const corpusPairNames = [...debianPairNames, ...chitchatPairNames] as const;
export type CorpusPairName = (typeof corpusPairNames)[number];

/** What each corpus has. */
export const pairsOfCorpus: Readonly<Record<CorpusName, readonly CorpusPairName[]>> = {
  debian: debianPairNames,
  chitchat: chitchatPairNames,
};
