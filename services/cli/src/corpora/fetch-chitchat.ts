import { chitchatFilters, chitchatPairs, readConversations, writeCorpus } from '@tributary/corpora';
import type { CorpusDocument } from '@tributary/datasets';
import { fetchChitchatWheel } from '@tributary/devstack';
import type { FetchPlaces } from './fetch-places.js';

/** Conversations of the BYU chit-chat challenge, by pip. @throws TributaryError as `fetchChitchatWheel` */
export async function fetchChitchat({ root, downloads, report }: FetchPlaces): Promise<CorpusDocument> {
  const wheel = await fetchChitchatWheel({ folder: downloads, report });
  report(`chitchat: ${wheel.file} has the pinned SHA-256; making pairs`);
  return await writeCorpus(root, chitchatPairs(readConversations(wheel.dataset)), {
    corpus: 'chitchat',
    version: `chitchat-dataset ${wheel.version}`,
    sha256: wheel.sha256,
    fetchedAt: new Date().toISOString(),
    origin: [{ name: wheel.file, sha256: wheel.sha256, sizeBytes: wheel.sizeBytes }],
    verified: 'the SHA-256 of the wheel is the one that infra/chitchat/requirements.txt pins',
    licence: wheel.licence,
    filters: [...chitchatFilters],
  });
}
