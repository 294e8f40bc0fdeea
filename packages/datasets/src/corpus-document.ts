import { type CorpusPairName, corpusNames, type DataSpec } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import { z } from 'zod';

export const corpusFormat = 'tributary-corpus/1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const pairsSchema = z.strictObject({
  file: z.string(),
  sha256,
  sizeBytes: z.int(),
  pairs: z.int(),
  groups: z.int(),
});

const documentSchema = z.strictObject({
  format: z.literal(corpusFormat),
  corpus: z.enum(corpusNames),
  /** What was fetched and of which day, for people: `Debian bookworm 12.15 of 2026-07-11`. */
  version: z.string(),
  /** Of what decides all the rest: a signed index, an archive. */
  sha256,
  /** When it was fetched, ISO 8601. */
  fetchedAt: z.string(),
  /** All that was fetched. */
  origin: z.array(z.strictObject({ name: z.string(), sha256, sizeBytes: z.int() })),
  /** What was checked, and against what. */
  verified: z.string(),
  licence: z.string(),
  /** What was kept and left out, a sentence each. */
  filters: z.array(z.string()),
  /** What was found, and how many were left out by what. */
  counts: z.record(z.string(), z.int()),
  /** By the name that `data.pairs` gives them. */
  pairs: z.record(z.string(), pairsSchema),
});

/** What lies beside a corpus's pairs as `corpus.json`. */
export type CorpusDocument = z.output<typeof documentSchema>;
/** One file of pairs: JSONL of `source`, `target` and `group`. */
export type CorpusPairs = z.output<typeof pairsSchema>;

/**
 * @param where names it in errors
 * @throws TributaryError `DATA_INVALID`
 */
export function parseCorpusDocument(bytes: Uint8Array, where: string): CorpusDocument {
  try {
    return documentSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new TributaryError(
      'DATA_INVALID',
      `${where} is not the document of a corpus of this version of Tributary; fetch the corpus again (npx tributary data fetch NAME --again).`,
      { cause },
    );
  }
}

/**
 * A corpus's version and SHA-256 for a run's lineage.
 * @param sources of the run, in which the pairs stand as `file:corpus:…`
 * @throws TributaryError `DATA_INVALID` for pairs that are not those of this document
 */
export function corpusOrigin(
  bytes: Uint8Array,
  data: Extract<DataSpec, { readonly source: 'corpus' }>,
  sources: Readonly<Record<string, string>>,
): string {
  const { corpus, pairs } = data;
  const document = parseCorpusDocument(bytes, `corpus:${corpus}/corpus.json`);
  const listed = document.pairs[pairs satisfies CorpusPairName];
  if (document.corpus !== corpus || sources[`file:corpus:${corpus}/${pairs}.jsonl`] !== `sha256:${listed?.sha256}`)
    throw new TributaryError(
      'DATA_INVALID',
      `The pairs "${pairs}" of corpus "${corpus}" are not those of its corpus.json, so they were changed after they were fetched: fetch them again (npx tributary data fetch ${corpus} --again), or use your own as data: { source: file }.`,
    );
  return `${document.version} sha256:${document.sha256}`;
}
