import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import {
  isToken,
  type NatsNames,
  type SnapshotPart,
  type SnapshotRequest,
  TributaryError,
  type WorkerId,
} from '@tributary/protocol';
import { checkAnswer, chunkBytes, readWindow, silenceMs } from './snapshot-messages.js';
import { checkSnapshotPart, describePart } from './snapshot-ref.js';
import { unlessAborted } from './unless-aborted.js';

export interface SnapshotFetch {
  readonly connection: NatsConnection;
  readonly names: NatsNames;
  readonly part: SnapshotPart;
  /** Asked one after another. */
  readonly holders: readonly WorkerId[];
  readonly signal: AbortSignal;
  /** Called with each piece that arrived. */
  readonly onProgress?: () => void;
  /** A holder that answers a request no sooner is given up; default: 5 s. */
  readonly silenceMs?: number;
}

/** Holders that did not answer are asked once more: an agent may be starting again, or the connection. */
const rounds = 2;
const betweenRoundsMs = 500;

/**
 * A part's file from whichever holder has it whole, size and SHA-256 checked. A holder whose file is damaged is told so.
 * @throws TributaryError `SNAPSHOT_LOST` with what each holder answered; the signal's reason once aborted.
 */
export async function fetchSnapshotPart(fetch: SnapshotFetch): Promise<Uint8Array> {
  const { part, signal } = fetch;
  checkSnapshotPart(part);
  const answers = new Map<WorkerId, string>();
  let holders = [...new Set(fetch.holders)].filter(isToken) as WorkerId[];
  for (let round = 1; round <= rounds && holders.length > 0; round++) {
    if (round > 1) await delay(betweenRoundsMs, undefined, { signal });
    const silent: WorkerId[] = [];
    for (const holder of holders) {
      signal.throwIfAborted();
      try {
        return await readFrom(holder, fetch);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof TributaryError)) silent.push(holder);
        answers.set(holder, error instanceof Error ? error.message : String(error));
      }
    }
    holders = silent;
  }
  const asked = [...answers].map(([holder, answer]) => `${holder}: ${answer}`).join('; ') || 'no worker holds it';
  throw new TributaryError(
    'SNAPSHOT_LOST',
    `${describePart(part)} could not be fetched (${asked}); resume from an earlier snapshot or a checkpoint.`,
  );
}

async function readFrom(holder: WorkerId, fetch: SnapshotFetch): Promise<Uint8Array> {
  const { part, signal, onProgress } = fetch;
  const { run, generation, step, sizeBytes } = part;
  const ref = { run, generation, step, part: part.part };
  const bytes = new Uint8Array(sizeBytes);
  let next = 0;
  let over = false;
  const readOn = async (): Promise<void> => {
    while (next < sizeBytes && !over && !signal.aborted) {
      const offset = next;
      const length = Math.min(chunkBytes, sizeBytes - offset);
      next += length;
      const answer = await ask(holder, { kind: 'read', ref, offset, length }, fetch);
      if (answer.data.length !== length)
        throw new TributaryError('SNAPSHOT_LOST', `its file is shorter than ${sizeBytes} bytes`);
      bytes.set(answer.data, offset);
      onProgress?.();
    }
  };
  try {
    await Promise.all(Array.from({ length: readWindow }, readOn));
  } finally {
    over = true;
  }
  signal.throwIfAborted();
  if (createHash('sha256').update(bytes).digest('hex') === part.sha256) return bytes;
  // Whatever it finds, this file is of no use here.
  await ask(holder, { kind: 'check', ref }, fetch).catch(() => undefined);
  throw new TributaryError('SNAPSHOT_LOST', 'its file is another or damaged: the SHA-256 differs');
}

/** @throws TributaryError what the holder answered; another error where it did not answer. */
async function ask(holder: WorkerId, request: SnapshotRequest, fetch: SnapshotFetch): Promise<Msg> {
  const { connection, names, signal } = fetch;
  const answer = await unlessAborted(
    connection.request(names.snapshots(holder), JSON.stringify(request), { timeout: fetch.silenceMs ?? silenceMs }),
    signal,
  );
  checkAnswer(answer);
  return answer;
}
