import { onOneLine } from '../words.js';
import type { BinaryPackage, DescribedPackage } from './package-index.js';

/** Says to which source package a text belongs. */
export interface SourcePackages {
  /** Of a description. */
  ofDescription(md5: string, described: DescribedPackage): string;
  /** Of a text that a description has as its short description or as a paragraph. */
  ofText(text: string): string;
}

/**
 * Finds source packages. A description of another architecture's package, which the `Packages` index lacks, goes by the name of its
 * package. A text that several source packages share, whatever white space is in it, belongs to the first of them in the order of their names, so that equal texts
 * never fall into different splits.
 */
export function sourcePackages(
  packages: readonly BinaryPackage[],
  english: ReadonlyMap<string, DescribedPackage>,
): SourcePackages {
  const byMd5 = new Map<string, string>();
  const byName = new Map<string, string>();
  for (const { name, source, descriptionMd5 } of packages) {
    if (!byMd5.has(descriptionMd5)) byMd5.set(descriptionMd5, source);
    byName.set(name, source);
  }
  const ofDescription = (md5: string, { name }: DescribedPackage): string => byMd5.get(md5) ?? byName.get(name) ?? name;
  const byText = new Map<string, string>();
  for (const [md5, described] of english) {
    const source = ofDescription(md5, described);
    for (const text of [described.short, ...described.paragraphs]) {
      const key = onOneLine(text);
      const known = byText.get(key);
      if (known === undefined || source < known) byText.set(key, source);
    }
  }
  return {
    ofDescription,
    ofText: (text) => {
      const source = byText.get(onOneLine(text));
      if (source === undefined) throw new RangeError(`no English description has the text ${JSON.stringify(text)}`);
      return source;
    },
  };
}
