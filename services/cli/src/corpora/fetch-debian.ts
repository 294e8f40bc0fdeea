import { type TranslationLanguage, translationLanguages } from '@tributary/config';
import { debianFilters, debianPairs, writeCorpus } from '@tributary/corpora';
import type { CorpusDocument } from '@tributary/datasets';
import { fetchDebianIndices } from '@tributary/devstack';
import type { FetchPlaces } from './fetch-places.js';

const licence =
  'The English descriptions are part of their packages, each under the licence of its package (debian/copyright). The translations are by the Debian Description Translation Project; no licence statement for them was found. They are fetched for use on this machine: do not redistribute them.';

/** Descriptions of Debian's packages and their translations, by apt. @throws TributaryError as `fetchDebianIndices` */
export async function fetchDebian({ root, downloads, report }: FetchPlaces): Promise<CorpusDocument> {
  const languages = ['en', ...translationLanguages];
  const { release, releaseSha256, packages, translations, origin } = await fetchDebianIndices({
    languages,
    folder: downloads,
    env: process.env,
    report,
  });
  const version = `Debian ${[release.codename, release.version].filter(Boolean).join(' ')} of ${release.date}`;
  report(`Debian: ${version}, every index as the signed release lists it; making pairs`);
  const text = (language: string): string => translations.get(language) ?? '';
  const paired = debianPairs({
    packages,
    english: text('en'),
    translations: Object.fromEntries(translationLanguages.map((each) => [each, text(each)])) as Record<
      TranslationLanguage,
      string
    >,
  });
  return await writeCorpus(root, paired, {
    corpus: 'debian',
    version,
    sha256: releaseSha256,
    fetchedAt: new Date().toISOString(),
    origin: [...origin],
    verified:
      'apt checked the signature of InRelease with the keys that this machine trusts for that source, and the hash of each downloaded index against it; the SHA-256 of each index as it was read is the one that InRelease lists',
    licence,
    filters: [...debianFilters],
  });
}
