/** What a distribution's signed index says of itself and of the files that it lists. */
export interface SignedRelease {
  readonly origin: string;
  readonly codename: string;
  /** `12.15`; empty where the distribution has no numbers. */
  readonly version: string;
  /** The day on which it was signed, ISO 8601. */
  readonly date: string;
  /** SHA-256 by path below the release: `main/i18n/Translation-de`. */
  readonly sha256: ReadonlyMap<string, string>;
}

/**
 * Reads an `InRelease` file, whose signature apt has checked.
 * @returns null where a field that every release has is missing
 */
export function parseRelease(text: string): SignedRelease | null {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1]?.trim();
  const origin = field('Origin');
  const codename = field('Codename');
  const signedAt = Date.parse(field('Date') ?? '');
  const listed = /^SHA256:\n((?: .+\n?)+)/m.exec(text)?.[1];
  if (origin === undefined || codename === undefined || Number.isNaN(signedAt) || listed === undefined) return null;
  const sha256 = new Map<string, string>();
  for (const line of listed.split('\n')) {
    const [hash, , path] = line.trim().split(/\s+/);
    if (hash !== undefined && path !== undefined) sha256.set(path, hash);
  }
  return {
    origin,
    codename,
    version: field('Version') ?? '',
    date: new Date(signedAt).toISOString().slice(0, 10),
    sha256,
  };
}
