import { createHash } from 'node:crypto';
import { type CheckpointManifest, type ObjectStore, TributaryError } from '@tributary/protocol';
import { decodeSafetensors, encodeSafetensors, type SafetensorsContent } from './safetensors.js';
import { stateHashOf } from './state-hash.js';

/** A checkpoint part as a file, and what its announcement says of it. */
export interface EncodedPart {
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly stateHash: string;
}

/** Encodes one part. Its state hash covers the tensors, not the metadata. */
export function encodePart(content: SafetensorsContent): EncodedPart {
  const bytes = encodeSafetensors(content);
  return { bytes, sizeBytes: bytes.length, sha256: sha256Of(bytes), stateHash: stateHashOf(content.tensors) };
}

/** What a manifest, or an announced part, says of a part's file. */
export type PartReference = CheckpointManifest['parts'][number];

/**
 * Reads one part and verifies its size, SHA-256, format and state hash.
 * @throws TributaryError `CHECKPOINT_CORRUPT` if it is missing or anything does not match.
 */
export async function readPart(store: Pick<ObjectStore, 'get'>, reference: PartReference): Promise<SafetensorsContent> {
  const { part, key, sizeBytes, sha256, stateHash } = reference;
  const where = `Checkpoint part "${part}" (${key})`;
  const corrupt = (what: string, cause?: unknown): TributaryError =>
    new TributaryError('CHECKPOINT_CORRUPT', `${where} ${what}; use an earlier checkpoint.`, { cause });
  const bytes = await store.get(key).catch((cause: unknown) => {
    throw cause instanceof TributaryError && cause.code === 'OBJECT_NOT_FOUND' ? corrupt('is missing', cause) : cause;
  });
  if (bytes.length !== sizeBytes) throw corrupt(`has ${bytes.length} bytes where its manifest says ${sizeBytes}`);
  if (sha256Of(bytes) !== sha256) throw corrupt('is damaged: its SHA-256 differs from its manifest');
  const content = decodeSafetensors(bytes, where);
  if (stateHashOf(content.tensors) !== stateHash) throw corrupt('holds another state than its manifest says');
  return content;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
