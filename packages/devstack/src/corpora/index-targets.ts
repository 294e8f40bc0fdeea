import { controlStanzas } from '@tributary/corpora';

/** A file of apt's lists, as `apt-get indextargets` describes it. */
export interface IndexTarget {
  /** Where apt keeps it, compressed or not. */
  readonly file: string;
  /** Its path below the release: `main/i18n/Translation-de`. */
  readonly metaKey: string;
  /** The release's signed index, beside the file. */
  readonly release: string;
}

export type DebianTargets =
  | { readonly ok: true; readonly packages: IndexTarget; readonly translations: ReadonlyMap<string, IndexTarget> }
  | { readonly ok: false; readonly reason: string };

/**
 * Picks the indices of one release of Debian's main: the first of which apt has `Packages` and the translations into all languages
 * (updates and security have none).
 * @param text what `apt-get indextargets` printed
 */
export function pickDebianTargets(text: string, languages: readonly string[]): DebianTargets {
  const stanzas = [...controlStanzas(text)].filter(
    (stanza) =>
      stanza.get('Origin') === 'Debian' && stanza.get('Component') === 'main' && stanza.get('Trusted') === 'yes',
  );
  if (stanzas.length === 0)
    return { ok: false, reason: "apt's sources on this system have no trusted index of Debian's main" };
  for (const base of new Set(stanzas.map((stanza) => stanza.get('Base-URI')))) {
    const ofRelease = stanzas.filter((stanza) => stanza.get('Base-URI') === base);
    const packages = ofRelease.filter((stanza) => stanza.get('Created-By') === 'Packages').map(targetOf);
    const translations = new Map(
      ofRelease
        .filter((stanza) => stanza.get('Created-By') === 'Translations')
        .map((stanza) => [stanza.get('Language') ?? '', targetOf(stanza)] as const),
    );
    if (packages[0] !== undefined && languages.every((language) => translations.has(language)))
      return { ok: true, packages: packages[0], translations };
  }
  return {
    ok: false,
    reason: `none of the releases in apt's sources has Debian's descriptions in all of ${languages.join(', ')}`,
  };
}

function targetOf(stanza: ReadonlyMap<string, string>): IndexTarget {
  const file = stanza.get('Filename') ?? '';
  const metaKey = stanza.get('MetaKey') ?? '';
  // apt writes the URI of the release into every file's name, with `_` for `/`.
  const prefix = file.slice(0, file.lastIndexOf(`_${metaKey.replaceAll('/', '_')}`));
  return { file, metaKey, release: `${prefix}_InRelease` };
}
