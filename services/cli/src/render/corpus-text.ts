import { type CorpusName, corpusNames } from '@tributary/config';
import type { CorpusDocument } from '@tributary/datasets';
import { formatBytes } from './quantities.js';
import { table } from './tables.js';

/** All that is known of a corpus, for people. */
export function corpusText(document: CorpusDocument, folder: string): string {
  const counts = Object.entries(document.counts).map(([name, count]) => [spaced(name), exact(count)]);
  return [
    `${document.corpus}: ${document.version}, in ${folder}`,
    pairsTable([document]),
    '\nFound and left out',
    table(['what', 'count'], counts, [1]),
    '\nFilters',
    ...document.filters.map((filter) => `  - ${filter}`),
    `\nVerified: ${document.verified}.`,
    `\nLicence\n${document.licence}`,
  ].join('\n');
}

/** The pairs of all fetched corpora; the corpora that are not there, with how to bring them. */
export function corporaText(documents: readonly CorpusDocument[]): string {
  const there = new Set<CorpusName>(documents.map(({ corpus }) => corpus));
  const missing = corpusNames
    .filter((corpus) => !there.has(corpus))
    .map((corpus) => `${corpus} is not on this machine; bring it with: npx tributary data fetch ${corpus}`);
  return [...(documents.length > 0 ? [pairsTable(documents)] : []), ...missing].join('\n');
}

function pairsTable(documents: readonly CorpusDocument[]): string {
  const rows = documents.flatMap(({ corpus, version, pairs }) =>
    Object.entries(pairs).map(([name, { pairs: count, groups, sizeBytes }]) => [
      corpus,
      name,
      exact(count),
      exact(groups),
      formatBytes(sizeBytes),
      version,
    ]),
  );
  return table(['corpus', 'pairs', 'count', 'groups', 'size', 'version'], rows, [2, 3, 4]);
}

function exact(count: number): string {
  return count.toLocaleString('en-US');
}

/** `sourcePackages` as `source packages`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
