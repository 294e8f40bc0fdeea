import { decodeRunRecord, type RunRecord } from '@tributary/protocol';
import { isTransientDatabaseError, type RunDatabase, type WriteResult, writeRecords } from '@tributary/run-store';
import type { Logger, Metrics } from '@tributary/telemetry';
import type { PassRecorderFaultPoint } from './fault-points.js';
import { retry } from './retry.js';

/** A message of the records stream, as far as the writer needs it. */
export interface RecordMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Its place in the stream. */
  readonly sequence: number;
  readonly publishedAtMs: number;
  /** Messages behind it in the stream. */
  readonly pending: number;
  ack(): void;
  /** Never to be delivered again. */
  terminate(reason: string): void;
}

export interface DecodedMessage {
  readonly message: RecordMessage;
  readonly record: RunRecord;
}

export interface RecordWriterDeps {
  readonly db: RunDatabase;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly pass: PassRecorderFaultPoint;
  /** Told of a value that differs from the recorded one. */
  readonly onDiverged: (diverged: WriteResult['diverged']) => void;
}

/** Writes batches of messages: each in one transaction, acknowledged after its commit. */
export class RecordWriter {
  readonly #deps: RecordWriterDeps;
  #problem: string | null = null;

  constructor(deps: RecordWriterDeps) {
    this.#deps = deps;
  }

  /** What keeps records from being written now; null: nothing. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Decodes a batch; a message that is no record is set aside, so that it blocks nothing. */
  decode(messages: readonly RecordMessage[]): DecodedMessage[] {
    const decoded: DecodedMessage[] = [];
    for (const message of messages) {
      try {
        const record = decodeRunRecord(message.data);
        const addressed = message.subject.slice(message.subject.lastIndexOf('.') + 1);
        if (addressed !== record.run)
          throw new Error(`it was published for run "${addressed}" but is of "${record.run}"`);
        decoded.push({ message, record });
      } catch (error) {
        this.#setAside(message, error);
      }
    }
    return decoded;
  }

  /**
   * Writes and then acknowledges. Waits out a Postgres that is away; a record that Postgres refuses is set aside.
   * @throws the last error where the signal ends the waiting; nothing was acknowledged then
   */
  async write(batch: readonly DecodedMessage[], signal: AbortSignal): Promise<void> {
    if (batch.length > 0) await this.#writeOrSplit(batch, signal);
  }

  async #writeOrSplit(batch: readonly DecodedMessage[], signal: AbortSignal): Promise<void> {
    const { db, logger, metrics, pass } = this.#deps;
    const records = batch.map(({ record }) => record);
    let result: WriteResult;
    let startedMs = performance.now();
    try {
      result = await retry(
        async () => {
          startedMs = performance.now();
          return await writeRecords(db, records, { afterCopy: () => pass('batch-copied') });
        },
        {
          signal,
          retryable: (error) => !isRefusedData(error),
          onRetry: (error, attempt, waitMs) => {
            this.#problem = `Records cannot be written: ${String(error)}`;
            metrics.ingestBatchSeconds.observe({ outcome: 'failed' }, (performance.now() - startedMs) / 1_000);
            metrics.ingestMessagesTotal.inc({ outcome: 'retried' }, batch.length);
            // It grows while they wait.
            metrics.ingestLagSeconds.set(ageSeconds(batch));
            const level = isTransientDatabaseError(error) ? 'warn' : 'error';
            logger[level](
              { error: String(error), attempt, waitMs, messages: batch.length },
              'records wait for Postgres',
            );
          },
        },
      );
    } catch (error) {
      if (!isRefusedData(error)) throw error;
      const [only] = batch;
      if (batch.length === 1 && only) {
        this.#setAside(only.message, error);
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      await this.#writeOrSplit(batch.slice(0, middle), signal);
      await this.#writeOrSplit(batch.slice(middle), signal);
      return;
    }
    pass('batch-committed');
    this.#problem = null;
    for (const { message } of batch) message.ack();
    this.#count(batch, result, (performance.now() - startedMs) / 1_000);
  }

  #count(batch: readonly DecodedMessage[], result: WriteResult, seconds: number): void {
    const { logger, metrics, onDiverged } = this.#deps;
    metrics.ingestMessagesTotal.inc({ outcome: 'written' }, batch.length);
    metrics.ingestBatchSeconds.observe({ outcome: 'ok' }, seconds);
    metrics.ingestPointsTotal.inc({ outcome: 'inserted' }, result.inserted);
    metrics.ingestPointsTotal.inc({ outcome: 'duplicate' }, result.duplicates);
    metrics.ingestPointsTotal.inc({ outcome: 'unknown_run' }, result.unknown);
    metrics.ingestPointsTotal.inc({ outcome: 'diverged' }, result.diverged.length);
    metrics.ingestLagSeconds.set(ageSeconds(batch));
    if (result.unknown > 0)
      logger.warn({ runs: result.unknownRuns, rows: result.unknown }, 'records of unknown runs were dropped');
    if (result.diverged.length > 0) {
      logger.error({ diverged: result.diverged.slice(0, 10), count: result.diverged.length }, 'redone values differ');
      onDiverged(result.diverged);
    }
    logger.debug(
      { messages: batch.length, inserted: result.inserted, duplicates: result.duplicates, seconds },
      'batch',
    );
  }

  #setAside(message: RecordMessage, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const excerpt = Buffer.from(message.data.subarray(0, 200)).toString('utf8');
    const { subject, sequence } = message;
    this.#deps.logger.error({ subject, sequence, reason, excerpt }, 'a message was set aside');
    this.#deps.metrics.ingestMessagesTotal.inc({ outcome: 'set_aside' });
    message.terminate(reason);
  }
}

/** Of the oldest message. */
function ageSeconds(batch: readonly DecodedMessage[]): number {
  const oldestMs = Math.min(...batch.map(({ message }) => message.publishedAtMs));
  return Math.max(0, Date.now() - oldestMs) / 1_000;
}

/** Data exceptions and violated constraints: another try changes nothing. */
function isRefusedData(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^2[23][0-9A-Z]{3}$/.test(code);
}
