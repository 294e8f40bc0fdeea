import { type TranslationLanguage, translationLanguages } from '@tributary/config';
import type { CorpusPair, PairedCorpus } from '../corpus-pair.js';
import { readPackages, readTranslations } from './package-index.js';
import { sourcePackages } from './source-packages.js';
import { paragraphWords, shortWords, summaryPairs } from './summary-pairs.js';
import { translationPairs } from './translation-pairs.js';

/** The text of Debian's indices. */
export interface DebianIndices {
  /** `Packages` of one architecture. */
  readonly packages: string;
  /** `Translation-en`: the descriptions as their authors wrote them. */
  readonly english: string;
  readonly translations: Readonly<Record<TranslationLanguage, string>>;
}

/** What was done, a sentence each, for `corpus.json`. */
export const debianFilters = [
  `summarise: the first paragraph of ${paragraphWords.least} to ${paragraphWords.most} words to the short description of ${shortWords.least} to ${shortWords.most}; one pair a source package and a paragraph, none of packages marked as (development …), (documentation …), (transitional …) or (dummy …)`,
  'translate-XX: English short descriptions to their translations, joined by Description-md5; each pair once, none that was left in English',
  'translate-XX-paragraphs: the same of paragraphs, where a description has as many in both languages',
  'split by source package; a text that several source packages share belongs to the first of them by name',
] as const;

/** Pairs of package descriptions: summaries, and translations from English. */
export function debianPairs(indices: DebianIndices): PairedCorpus {
  const packages = readPackages(indices.packages);
  const english = readTranslations(indices.english, 'en');
  const sources = sourcePackages(packages, english);
  const pairs: Record<string, readonly CorpusPair[]> = { summarise: summaryPairs(packages, english, sources) };
  const counts: Record<string, number> = {
    packages: packages.length,
    sourcePackages: new Set(packages.map(({ source }) => source)).size,
    descriptions: english.size,
  };
  for (const language of translationLanguages) {
    const translated = readTranslations(indices.translations[language], language);
    const { short, paragraphs } = translationPairs(english, translated, sources);
    pairs[`translate-${language}`] = short;
    pairs[`translate-${language}-paragraphs`] = paragraphs;
    counts[`descriptions-${language}`] = translated.size;
  }
  return { pairs, counts };
}
