export {
  type Checkpoint,
  loadCheckpoint,
  type NewestIntact,
  newestIntact,
  pruneCheckpoint,
  writeManifest,
} from './checkpoint.js';
export {
  type CheckpointLocation,
  openObjects,
  parseCheckpointLocation,
  withCheckpointStore,
} from './checkpoint-store.js';
export { directoryStore } from './directory-store.js';
export { decodeManifest, encodeManifest, manifestOf } from './manifest.js';
export { natsStore } from './nats-store.js';
export { checkKey } from './object-key.js';
export { type EncodedPart, encodePart, type PartReference, readPart } from './part.js';
export { decodeWeights } from './pretrained-weights.js';
export { type DecodeOptions, decodeSafetensors, encodeSafetensors, type SafetensorsContent } from './safetensors.js';
export {
  type CopyRequest,
  fetchSnapshotPart,
  gatherInventories,
  type InventoryGathering,
  requestCopy,
  type SnapshotFetch,
  SnapshotFolder,
  type SnapshotService,
  type SnapshotSet,
  serveSnapshots,
  takeSnapshotPart,
} from './snapshots/index.js';
export { stateHashOf } from './state-hash.js';
export type { Dtype, Tensor, TensorData, Tensors } from './tensors.js';
