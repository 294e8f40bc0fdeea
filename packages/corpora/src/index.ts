export { type Conversation, readConversations } from './chitchat/conversation.js';
export { chitchatFilters, chitchatPairs } from './chitchat/reply-pairs.js';
export type { CorpusPair, PairedCorpus } from './corpus-pair.js';
export { controlStanzas, type Stanza } from './debian/control-stanzas.js';
export { type DebianIndices, debianFilters, debianPairs } from './debian/debian-pairs.js';
export { type FloorName, floorNames, floorOf } from './floors/floor.js';
export { type HeldOutExample, splitPairs } from './floors/held-out.js';
export { copySource, leadWords, strippedLead } from './floors/lead.js';
export { nearestNeighbour } from './floors/nearest-neighbour.js';
export {
  type CorpusProvenance,
  isWhole,
  listCorpora,
  readCorpus,
  requireCorpusFile,
  writeCorpus,
} from './store/corpus-folder.js';
export { readCorpusPairs } from './store/read-pairs.js';
