import { decodeRunRecord, type RunId, type RunRecord } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { RecordOutbox } from './record-outbox.js';
import { recordsIn, recordsMetadata } from './unacknowledged-records.js';

const logger = createLogger({ service: 'test', level: 'fatal' });

/** A stream whose acknowledgments the test gives, or withholds. */
function openStream() {
  const published: RunRecord[] = [];
  let acknowledge = (): void => {};
  let onPublished = (): void => {};
  let arrived = new Promise<void>((resolve) => {
    onPublished = resolve;
  });
  return {
    published,
    /** Resolves once a record more waits for its acknowledgment. */
    next: async (): Promise<void> => {
      await arrived;
      arrived = new Promise<void>((resolve) => {
        onPublished = resolve;
      });
    },
    acknowledge: () => acknowledge(),
    publish: (_subject: string, payload?: unknown) =>
      new Promise<{ stream: string; seq: number; duplicate: boolean }>((resolve) => {
        published.push(decodeRunRecord(payload as Uint8Array));
        acknowledge = () => resolve({ stream: 's', seq: published.length, duplicate: false });
        onPublished();
      }),
  };
}

const open = (stream: ReturnType<typeof openStream>, member = 0): RecordOutbox =>
  new RecordOutbox(
    // Nothing is flushed by time.
    { subject: 's', run: 'r-1' as RunId, attempt: 1, generation: 3, member, flushIntervalMs: 1_000_000 },
    { stream: stream as never, logger },
  );

const point = (step: number) => ({ subject: 'run', series: 'grad_norm', step, value: -0 }) as const;
const row = (step: number) => ({ step, lane: 1, epoch: 0, position: 8 * step, microbatches: 1 });

describe('the outbox', () => {
  const opened: RecordOutbox[] = [];
  afterEach(async () => {
    for (const outbox of opened.splice(0)) outbox.close().catch(() => undefined);
  });

  it('keeps what is not acknowledged, that in hand and that not yet sent too, in order', async () => {
    const stream = openStream();
    const outbox = open(stream);
    opened.push(outbox);
    outbox.addStep([point(1)], [], 5);
    outbox.addLedger([row(1)]);
    expect(outbox.pending().map(({ kind }) => kind)).toEqual(['points', 'ledger']);
    await stream.next();
    stream.acknowledge();
    await stream.next();
    expect(stream.published.map(({ kind }) => kind)).toEqual(['points', 'ledger']);
    outbox.addSnapshot(1, [{ part: 'shared', stateHash: 'a'.repeat(64) }]);
    outbox.addStep([point(2)], [], 5);
    expect(outbox.pending().map(({ kind }) => kind)).toEqual(['ledger', 'snapshot', 'points']);
  });

  it('publishes what another member could not, as that one wrote it, before its own', async () => {
    const first = openStream();
    const lost = open(first, 2);
    opened.push(lost);
    lost.addStep([point(1)], [], 5);
    lost.addLedger([row(1)]);
    const metadata = recordsMetadata(lost.pending());
    const stream = openStream();
    const outbox = open(stream);
    opened.push(outbox);
    outbox.addUnacknowledged(recordsIn(metadata));
    outbox.addStep([point(2)], [], 5);
    expect(outbox.pending().slice(0, 2)).toEqual(lost.pending());
    expect(outbox.pending().map(({ member }) => member)).toEqual([2, 2, 0]);
    expect(recordsIn({})).toEqual([]);
  });

  it('sends nothing more once it is closed', async () => {
    const stream = openStream();
    const outbox = open(stream);
    outbox.addStep([point(1)], [], 5);
    outbox.pending();
    await stream.next();
    outbox.addMemberEnd(1, 'finished');
    const closing = outbox.close();
    stream.acknowledge();
    await closing;
    outbox.addMemberEnd(2, 'finished');
    expect(stream.published.map(({ kind }) => kind)).toEqual(['points']);
  });
});
