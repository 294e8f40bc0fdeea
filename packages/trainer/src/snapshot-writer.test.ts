import type { GenerationDocument, RunId, SnapshotPart } from '@tributary/protocol';
import { createLogger, createMetrics } from '@tributary/telemetry';
import { describe, expect, it } from 'vitest';
import { SnapshotWriter } from './snapshot-writer.js';
import type { EncodedFile } from './state-messages.js';

const document = { run: 'r-1' as RunId, generation: 2 } as GenerationDocument;
const file: EncodedFile = { bytes: Uint8Array.of(1, 2), sha256: 'a'.repeat(64), stateHash: 'b'.repeat(64) };
const files = ['shared', 'lane-0'].map((part) => ({ part, file: Promise.resolve(file) }));

function openWriter(write: (part: SnapshotPart) => Promise<void>, written: (step: number) => Promise<void>) {
  const told = { parts: [] as string[], hashes: [] as string[], taken: [] as string[], failures: [] as string[] };
  const metrics = createMetrics();
  const aborting = new AbortController();
  const writer = new SnapshotWriter(document, 'w-1', {
    snapshots: {
      folder: {
        write: async (part) => {
          await write(part);
          told.parts.push(`${part.step} ${part.part} ${part.sizeBytes}`);
        },
      },
      fetch: () => Promise.reject(new Error('nothing is fetched')),
      written,
    },
    outbox: { addSnapshot: (step, parts) => told.hashes.push(`${step} ${parts.map(({ part }) => part).join()}`) },
    logger: createLogger({ service: 'test', level: 'fatal' }),
    metrics,
    onTaken: (step, hash) => told.taken.push(`${step} ${hash[0]}`),
    onFailure: (text) => told.failures.push(text),
    pass: () => {},
    signal: aborting.signal,
  });
  return { writer, told, metrics, aborting };
}

describe('a member that writes snapshots', () => {
  it('has one under way: room is there once the buddy holds it', async () => {
    let copied = (): void => {};
    const copy = new Promise<void>((resolve) => {
      copied = resolve;
    });
    const { writer, told } = openWriter(
      () => Promise.resolve(),
      () => copy,
    );
    writer.write(25, files);
    let room = false;
    const waiting = writer.room().then(() => {
      room = true;
    });
    await expect.poll(() => told.taken).toEqual(['25 b']);
    expect(told).toMatchObject({ parts: ['25 shared 2', '25 lane-0 2'], hashes: ['25 shared,lane-0'] });
    expect(room).toBe(false);
    copied();
    await waiting;
  });

  it('trains on without room on its disk, says so once, counts each, and still tells what the state is', async () => {
    const full = (): Promise<void> => Promise.reject(new Error('ENOSPC: no space left on device'));
    const { writer, told, metrics } = openWriter(full, () => Promise.reject(new Error('nothing to copy')));
    for (const step of [25, 50]) {
      writer.write(step, files);
      await writer.room();
    }
    expect(told.failures).toHaveLength(1);
    expect(told.failures[0]).toMatch(/Worker w-1 could not write a snapshot of step 25 .*ENOSPC/);
    expect(told.taken).toEqual(['25 b', '50 b']);
    expect(told.hashes).toEqual(['25 shared,lane-0', '50 shared,lane-0']);
    expect(await metrics.scrape()).toContain('tributary_snapshot_failures_total{run_id="r-1"} 2');
  });

  it('gives up with its generation, and tells of no failure', async () => {
    const { writer, told, aborting } = openWriter(
      () => Promise.resolve(),
      () => new Promise(() => {}),
    );
    writer.write(25, files);
    await expect.poll(() => told.taken).toHaveLength(1);
    const waiting = writer.room();
    aborting.abort(new Error('superseded'));
    await expect(waiting).rejects.toThrow('superseded');
    expect(told.failures).toEqual([]);
  });
});
