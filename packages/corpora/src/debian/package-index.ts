import { controlStanzas } from './control-stanzas.js';
import { type Description, parseDescription } from './description.js';

/** A binary package. */
export interface BinaryPackage {
  readonly name: string;
  /** The source package that it is built from: what packages with alike texts have in common. */
  readonly source: string;
  /** Names its description in every language. */
  readonly descriptionMd5: string;
}

/** A described package of a `Translation-xx` index, by `Description-md5`. */
export interface DescribedPackage extends Description {
  readonly name: string;
}

/** Reads a `Packages` index, in its order. */
export function readPackages(text: string): BinaryPackage[] {
  const packages: BinaryPackage[] = [];
  for (const stanza of controlStanzas(text)) {
    const name = stanza.get('Package');
    const descriptionMd5 = stanza.get('Description-md5');
    if (name === undefined || descriptionMd5 === undefined) continue;
    // `Source: name (version)` where the versions differ; no field where the names are the same.
    const source = stanza.get('Source')?.split(' ')[0] ?? name;
    packages.push({ name, source, descriptionMd5 });
  }
  return packages;
}

/** Reads a `Translation-xx` index, in its order; of several descriptions with one hash the first. */
export function readTranslations(text: string, language: string): Map<string, DescribedPackage> {
  const field = `Description-${language}`;
  const found = new Map<string, DescribedPackage>();
  for (const stanza of controlStanzas(text)) {
    const md5 = stanza.get('Description-md5');
    const name = stanza.get('Package');
    const value = stanza.get(field);
    if (md5 === undefined || name === undefined || value === undefined || found.has(md5)) continue;
    found.set(md5, { name, ...parseDescription(value) });
  }
  return found;
}
