import { setTimeout as delay } from 'node:timers/promises';
import { type ConsumerMessages, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsNames, ObjectStore, RunEvent, RunId } from '@tributary/protocol';
import type { RunDatabase } from '@tributary/run-store';
import type { Logger, Metrics } from '@tributary/telemetry';
import { batches } from './batches.js';
import { CheckpointCommitter } from './checkpoint-committer.js';
import { EndGate } from './end-gate.js';
import type { PassRecorderFaultPoint } from './fault-points.js';
import { GenerationFence } from './generation-fence.js';
import { Inbox } from './inbox.js';
import { PartQueue } from './part-queue.js';
import { type RecordMessage, RecordWriter } from './record-writer.js';
import { openRecordsConsumer, settledThrough } from './records-consumer.js';
import { retry } from './retry.js';

export interface RecorderOptions {
  readonly names: NatsNames;
  readonly batchMessages: number;
  readonly batchWaitMs: number;
  /** Silence after which a message is delivered again. */
  readonly ackWaitMs: number;
}

export interface RecorderDeps {
  readonly connection: NatsConnection;
  readonly db: RunDatabase;
  readonly objects: ObjectStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly pass: PassRecorderFaultPoint;
}

/** How long a stop waits for a Postgres that is away; what is not written by then is delivered again. */
const drainLimitMs = 10_000;

/** Drains the records stream into Postgres until it is stopped. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #deps: RecorderDeps;
  readonly #fence: GenerationFence;
  readonly #writer: RecordWriter;
  readonly #parts: PartQueue;
  readonly #inbox: Inbox;
  readonly #ends: EndGate;
  /** No more messages are taken. */
  readonly #stopping = new AbortController();
  /** No more tries are made. */
  readonly #givingUp = new AbortController();
  #messages: ConsumerMessages | null = null;
  #running: Promise<void> | null = null;

  constructor(options: RecorderOptions, deps: RecorderDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#inbox = new Inbox(options.ackWaitMs / 3);
    this.#fence = new GenerationFence(deps);
    this.#writer = new RecordWriter({
      ...deps,
      onDiverged: (diverged) => {
        for (const run of new Set(diverged.map((point) => point.run))) {
          const first = diverged.find((point) => point.run === run);
          if (first) this.#tellDivergence(run, first);
        }
      },
    });
    const settled = () => settledThrough(deps.connection, options.names.recordsStream);
    const committer = new CheckpointCommitter({
      ...deps,
      settledThrough: settled,
      onDiverged: (diverged) => {
        deps.logger.error({ diverged }, 'a redone checkpoint differs');
        this.#tellDivergence(diverged.run, diverged);
      },
    });
    this.#ends = new EndGate(settled, (ends) => this.#writer.write(ends, this.#givingUp.signal), this.#stopping.signal);
    this.#parts = new PartQueue(async (part, { sequence }) => {
      if (!(await this.#fence.shutsOut(part, this.#stopping.signal)))
        await committer.handle({ part, sequence }, this.#stopping.signal);
    });
  }

  /** What keeps records from being written now; null: nothing. */
  get problem(): string | null {
    return this.#fence.problem ?? this.#writer.problem;
  }

  /** Resolves when it has been stopped. @throws what no waiting can mend */
  run(): Promise<void> {
    this.#running ??= Promise.all([this.#receive(), this.#record()]).then(() => undefined);
    return this.#running;
  }

  /** Finishes the batch in hand, gives back what is not written, then resolves. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const limit = setTimeout(() => this.#givingUp.abort(), drainLimitMs);
    await this.#messages?.close();
    this.#inbox.end();
    await this.#running;
    await this.#parts.close();
    await this.#ends.close();
    clearTimeout(limit);
    this.#inbox.giveBack();
    await this.#deps.connection.flush();
  }

  /** Brings messages in; opens the stream again whenever it is lost. */
  async #receive(): Promise<void> {
    const { logger } = this.#deps;
    const signal = this.#stopping.signal;
    while (!signal.aborted) {
      try {
        await this.#consume(signal);
      } catch (error) {
        if (signal.aborted) break;
        logger.warn({ error: String(error) }, 'the records stream was lost; opening it again');
        await delay(1_000, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #consume(signal: AbortSignal): Promise<void> {
    const { connection, logger } = this.#deps;
    const { names, batchMessages, ackWaitMs } = this.#options;
    const consumer = await retry(
      async () =>
        await openRecordsConsumer(connection, names.recordsStream, { maxUnacknowledged: batchMessages * 4, ackWaitMs }),
      {
        signal,
        retryable: () => true,
        onRetry: (error, _attempt, waitMs) =>
          logger.warn({ error: String(error), waitMs }, 'waiting for the records stream'),
      },
    );
    if (signal.aborted) return;
    const messages = await consumer.consume({ max_messages: batchMessages, abort_on_missing_resource: true });
    this.#messages = messages;
    if (signal.aborted) await messages.close();
    logger.info({ stream: names.recordsStream }, 'recording');
    for await (const message of messages) this.#inbox.receive(message);
  }

  async #record(): Promise<void> {
    const { batchMessages, batchWaitMs } = this.#options;
    for await (const batch of batches(this.#inbox, { maxItems: batchMessages, maxWaitMs: batchWaitMs })) {
      try {
        await this.#recordBatch(batch);
      } catch (error) {
        this.#inbox.end();
        // Only a stop ends the tries; what is not acknowledged goes to the next recorder.
        if (!this.#stopping.signal.aborted) throw error;
        this.#deps.logger.warn({ error: String(error), messages: batch.length }, 'a batch was given back');
        return;
      }
    }
  }

  async #recordBatch(batch: readonly RecordMessage[]): Promise<void> {
    const decoded = await this.#fence.apply(this.#writer.decode(batch), this.#givingUp.signal);
    await this.#writer.write(
      decoded.filter(({ record }) => record.kind !== 'checkpoint-part' && record.kind !== 'member-end'),
      this.#givingUp.signal,
    );
    for (const { message, record } of decoded)
      if (record.kind === 'checkpoint-part') this.#parts.add(message, record.part);
    this.#ends.hold(decoded.filter(({ record }) => record.kind === 'member-end'));
    this.#deps.metrics.ingestPendingMessages.set(batch.at(-1)?.pending ?? 0);
  }

  /** A broken promise must be seen where the run is watched, not only in a table. */
  #tellDivergence(
    run: string,
    first: {
      readonly subject: string;
      readonly series: string;
      readonly step: number;
      readonly recorded: unknown;
      readonly redone: unknown;
    },
  ): void {
    const { connection, logger } = this.#deps;
    const event: RunEvent = {
      kind: 'notice',
      run: run as RunId,
      text: `DIVERGED: ${first.subject} ${first.series} at step ${first.step} was ${String(first.recorded)} and is now ${String(first.redone)}; the run does not repeat itself.`,
    };
    jetstream(connection)
      .publish(this.#options.names.events(run), JSON.stringify(event))
      .catch((error: unknown) => logger.warn({ run, error: String(error) }, 'a notice was not published'));
  }
}
