import type { CorpusPair } from '../corpus-pair.js';
import { isPlainText, wordsOf } from '../words.js';
import type { BinaryPackage, DescribedPackage } from './package-index.js';
import type { SourcePackages } from './source-packages.js';

/** Words of a first paragraph, and of a short description, that make a pair. */
export const paragraphWords = { least: 8, most: 60 } as const;
export const shortWords = { least: 2, most: 12 } as const;

/** Marks of packages whose descriptions are those of another with a formula behind: `(development files)`, `(documentation)`. */
const boilerplate = /\((?:dev|doc|transitional|dummy)/i;

/**
 * The first paragraph of a description and its short description: of each source package the first package, in the index's order,
 * that makes a pair, and of each paragraph the first pair.
 */
export function summaryPairs(
  packages: readonly BinaryPackage[],
  english: ReadonlyMap<string, DescribedPackage>,
  sources: SourcePackages,
): CorpusPair[] {
  const pairs: CorpusPair[] = [];
  const sourcesDone = new Set<string>();
  const paragraphsDone = new Set<string>();
  for (const { source, descriptionMd5 } of packages) {
    const described = english.get(descriptionMd5);
    if (described === undefined || sourcesDone.has(source)) continue;
    const { short } = described;
    const paragraph = described.paragraphs[0] ?? '';
    if (boilerplate.test(short) || !hasWords(paragraph, paragraphWords) || !hasWords(short, shortWords)) continue;
    if (!isPlainText(paragraph) || !isPlainText(short)) continue;
    sourcesDone.add(source);
    if (paragraphsDone.has(paragraph)) continue;
    paragraphsDone.add(paragraph);
    pairs.push({ source: paragraph, target: short, group: sources.ofText(paragraph) });
  }
  return pairs;
}

function hasWords(text: string, { least, most }: { readonly least: number; readonly most: number }): boolean {
  const { length } = wordsOf(text);
  return length >= least && length <= most;
}
