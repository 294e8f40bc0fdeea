export { fetchSnapshotPart, type SnapshotFetch } from './fetch-snapshot-part.js';
export { gatherInventories, type InventoryGathering } from './gather-inventories.js';
export { type CopyRequest, requestCopy } from './request-copy.js';
export { type SnapshotService, serveSnapshots } from './serve-snapshots.js';
export { SnapshotFolder } from './snapshot-folder.js';
export type { SnapshotSet } from './snapshot-ref.js';
export { takeSnapshotPart } from './take-snapshot-part.js';
