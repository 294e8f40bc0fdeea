import { createHash } from 'node:crypto';
import { type CheckpointManifest, type CheckpointPart, type RunId, TributaryError } from '@tributary/protocol';
import type { PartReference } from './part.js';

/** SHA-256 over the parts' names and state hashes in canonical order. */
function joinedStateHash(parts: readonly PartReference[]): string {
  const hash = createHash('sha256');
  for (const { part, stateHash } of parts) hash.update(`${part}\u0000${stateHash}\n`);
  return hash.digest('hex');
}

/**
 * The manifest of a whole checkpoint. The parts may come in any order.
 * @throws RangeError if they are not exactly the parts of one step of one run, each once.
 */
export function manifestOf(parts: readonly CheckpointPart[]): CheckpointManifest {
  const [first] = parts;
  if (first === undefined) throw new RangeError('a checkpoint needs parts');
  const { run, step, parts: names } = first;
  const references = names.map((name): PartReference => {
    const found = parts.filter(({ part }) => part === name);
    if (found.length !== 1)
      throw new RangeError(`part "${name}" of step ${step} of run ${run} is there ${found.length} times`);
    const { part, key, sizeBytes, sha256, stateHash } = found[0] as CheckpointPart;
    return { part, key, sizeBytes, sha256, stateHash };
  });
  for (const part of parts) {
    if (part.run !== run || part.step !== step || part.parts.join() !== names.join() || !names.includes(part.part))
      throw new RangeError(
        `part "${part.part}" of step ${part.step} of run ${part.run} is not of step ${step} of run ${run}`,
      );
  }
  return {
    format: 'tributary-checkpoint/1',
    run,
    attempt: Math.max(...parts.map(({ attempt }) => attempt)),
    step,
    stateHash: joinedStateHash(references),
    parts: references,
  };
}

/** A manifest as its file. */
export function encodeManifest(manifest: CheckpointManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Reads a manifest strictly.
 * @throws TributaryError `CHECKPOINT_CORRUPT` for anything but a consistent manifest.
 */
export function decodeManifest(bytes: Uint8Array, where: string): CheckpointManifest {
  const corrupt = (what: string, cause?: unknown): TributaryError =>
    new TributaryError('CHECKPOINT_CORRUPT', `${where} is damaged: ${what}; use an earlier checkpoint.`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corrupt('it is not JSON', cause);
  }
  const { format, run, attempt, step, stateHash, parts } = (value ?? {}) as Record<string, unknown>;
  if (format !== 'tributary-checkpoint/1') throw corrupt(`its format is ${JSON.stringify(format)}`);
  if (typeof run !== 'string' || !isCount(attempt) || !isCount(step) || !isDigest(stateHash))
    throw corrupt('fields are missing');
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every(isReference))
    throw corrupt('its parts are malformed');
  if (new Set(parts.map(({ part }) => part)).size !== parts.length) throw corrupt('it names a part twice');
  if (joinedStateHash(parts) !== stateHash) throw corrupt('its state hash does not follow from its parts');
  return {
    format,
    run: run as RunId,
    attempt,
    step,
    stateHash,
    parts: parts.map(({ part, key, sizeBytes, sha256, stateHash: hash }) => ({
      part,
      key,
      sizeBytes,
      sha256,
      stateHash: hash,
    })),
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isReference(value: unknown): value is PartReference {
  const { part, key, sizeBytes, sha256, stateHash } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof part === 'string' && typeof key === 'string' && isCount(sizeBytes) && isDigest(sha256) && isDigest(stateHash)
  );
}
