import type { CorpusPair } from '../corpus-pair.js';
import { isPlainText } from '../words.js';
import type { DescribedPackage } from './package-index.js';
import type { SourcePackages } from './source-packages.js';

/**
 * Pairs of an English text and its translation, each once: short descriptions, and paragraphs of descriptions that have as many of
 * them in both languages. What was left as it is in English is no translation.
 */
export function translationPairs(
  english: ReadonlyMap<string, DescribedPackage>,
  translated: ReadonlyMap<string, DescribedPackage>,
  sources: SourcePackages,
): { readonly short: CorpusPair[]; readonly paragraphs: CorpusPair[] } {
  const short = new UniquePairs(sources);
  const paragraphs = new UniquePairs(sources);
  for (const [md5, theirs] of translated) {
    const ours = english.get(md5);
    if (ours === undefined) continue;
    short.add(ours.short, theirs.short);
    if (ours.paragraphs.length !== theirs.paragraphs.length) continue;
    ours.paragraphs.forEach((paragraph, index) => {
      paragraphs.add(paragraph, theirs.paragraphs[index] as string);
    });
  }
  return { short: short.pairs, paragraphs: paragraphs.pairs };
}

class UniquePairs {
  readonly pairs: CorpusPair[] = [];
  readonly #seen = new Set<string>();

  constructor(private readonly sources: SourcePackages) {}

  add(source: string, target: string): void {
    const key = `${source}\n${target}`;
    if (source === target || this.#seen.has(key) || !isPlainText(source) || !isPlainText(target)) return;
    this.#seen.add(key);
    this.pairs.push({ source, target, group: this.sources.ofText(source) });
  }
}
