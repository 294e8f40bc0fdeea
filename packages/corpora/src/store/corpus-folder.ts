import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CorpusName, corpusNames } from '@tributary/config';
import { type CorpusDocument, corpusFormat, parseCorpusDocument } from '@tributary/datasets';
import { TributaryError } from '@tributary/protocol';
import type { CorpusPair, PairedCorpus } from '../corpus-pair.js';

/** What `corpus.json` says beside the pairs and their counts. */
export type CorpusProvenance = Pick<
  CorpusDocument,
  'corpus' | 'version' | 'sha256' | 'fetchedAt' | 'origin' | 'verified' | 'licence' | 'filters'
>;

const documentName = 'corpus.json';

/**
 * Writes a corpus into `<root>/<name>`: first beside it, then whole into its place, so that a reader sees the old corpus or the new
 * one. The caller sees to it that no one else writes the same corpus.
 */
export async function writeCorpus(
  root: string,
  { pairs, counts }: PairedCorpus,
  provenance: CorpusProvenance,
): Promise<CorpusDocument> {
  const folder = join(root, provenance.corpus);
  const made = `${folder}.making`;
  await rm(made, { recursive: true, force: true });
  await mkdir(made, { recursive: true });
  const written: CorpusDocument['pairs'] = {};
  for (const [name, list] of Object.entries(pairs)) {
    const bytes = jsonLines(list);
    const file = `${name}.jsonl`;
    await writeFile(join(made, file), bytes);
    written[name] = {
      file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      sizeBytes: bytes.byteLength,
      pairs: list.length,
      groups: new Set(list.map(({ group }) => group)).size,
    };
  }
  const document: CorpusDocument = { format: corpusFormat, ...provenance, counts: { ...counts }, pairs: written };
  await writeFile(join(made, documentName), `${JSON.stringify(document, null, 2)}\n`);
  await takePlace(made, folder);
  return document;
}

/** A folder that is not empty cannot be renamed over: the old one steps aside first. */
async function takePlace(made: string, folder: string): Promise<void> {
  const old = `${folder}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(folder, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(made, folder);
  await rm(old, { recursive: true, force: true });
}

function jsonLines(pairs: readonly CorpusPair[]): Buffer {
  return Buffer.from(
    pairs.map(({ source, target, group }) => `${JSON.stringify({ source, target, group })}\n`).join(''),
  );
}

/** The document of a corpus, or null where it was not fetched. @throws TributaryError `DATA_INVALID` for a document of another shape */
export async function readCorpus(root: string, corpus: CorpusName): Promise<CorpusDocument | null> {
  const path = join(root, corpus, documentName);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return bytes === null ? null : parseCorpusDocument(bytes, path);
}

/** The documents of all fetched corpora. @throws TributaryError `DATA_INVALID` */
export async function listCorpora(root: string): Promise<CorpusDocument[]> {
  const documents = await Promise.all(corpusNames.map((corpus) => readCorpus(root, corpus)));
  return documents.filter((document) => document !== null);
}

/** Whether every file of a corpus is there in the size that its document says. */
export async function isWhole(root: string, { corpus, pairs }: CorpusDocument): Promise<boolean> {
  const sizes = await Promise.all(
    Object.values(pairs).map(async ({ file, sizeBytes }) => {
      const found = await stat(join(root, corpus, file)).catch(() => null);
      return found?.size === sizeBytes;
    }),
  );
  return sizes.every(Boolean);
}

/**
 * The path of a fetched corpus's file.
 * @param file as in the corpus's folder: `summarise.jsonl`
 * @throws TributaryError `DATA_INVALID` where the corpus was not fetched
 */
export async function requireCorpusFile(root: string, corpus: string, file: string): Promise<string> {
  const path = join(root, corpus, file);
  if (await stat(path).catch(() => null)) return path;
  throw new TributaryError(
    'DATA_INVALID',
    `The corpus "${corpus}" is not on this machine (no ${path}); bring it with: npx tributary data fetch ${corpus}`,
  );
}
