import { readFile } from 'node:fs/promises';
import type { CorpusName, CorpusPairName } from '@tributary/config';
import type { CorpusPair } from '../corpus-pair.js';
import { requireCorpusFile } from './corpus-folder.js';

/** The pairs of a fetched corpus. @throws TributaryError `DATA_INVALID` where it was not fetched */
export async function readCorpusPairs(root: string, corpus: CorpusName, pairs: CorpusPairName): Promise<CorpusPair[]> {
  const text = await readFile(await requireCorpusFile(root, corpus, `${pairs}.jsonl`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as CorpusPair);
}
