import { join } from 'node:path';
import type { CorpusName } from '@tributary/config';
import { isWhole, readCorpus } from '@tributary/corpora';
import type { CorpusDocument } from '@tributary/datasets';
import { cacheFolder, corporaFolder, exclusively, type Report } from '@tributary/devstack';
import { fetchChitchat } from './fetch-chitchat.js';
import { fetchDebian } from './fetch-debian.js';
import type { FetchPlaces } from './fetch-places.js';

const fetches: Readonly<Record<CorpusName, (places: FetchPlaces) => Promise<CorpusDocument>>> = {
  debian: fetchDebian,
  chitchat: fetchChitchat,
};

export interface FetchOptions {
  /** Fetch it although it is there. */
  readonly again: boolean;
  readonly report: Report;
}

export interface FetchedCorpus {
  readonly document: CorpusDocument;
  readonly folder: string;
  /** False where it was there. */
  readonly fetched: boolean;
}

/**
 * Brings a corpus, unless it is there whole; another process that wants the same waits. What was broken off goes on, and is not seen
 * before it is whole.
 * @throws TributaryError `PREREQUISITE_MISSING`, `SERVER_FAILED`, `DATA_INVALID`
 */
export async function fetchCorpus(corpus: CorpusName, { again, report }: FetchOptions): Promise<FetchedCorpus> {
  const root = corporaFolder();
  const downloads = join(cacheFolder(), 'corpora', corpus);
  const folder = join(root, corpus);
  const waiting = `${corpus}: another process is fetching it; waiting`;
  return await exclusively(`${downloads}.lock`, { waiting, report, timeoutMs: 1_800_000 }, async () => {
    // A document of another version of Tributary is fetched over.
    const present = again ? null : await readCorpus(root, corpus).catch(() => null);
    if (present !== null && (await isWhole(root, present))) return { document: present, folder, fetched: false };
    return { document: await fetches[corpus]({ root, downloads, report }), folder, fetched: true };
  });
}
