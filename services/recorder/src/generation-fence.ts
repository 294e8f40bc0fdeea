import type { CheckpointPart } from '@tributary/protocol';
import { isTransientDatabaseError, laterGenerations, type RunDatabase } from '@tributary/run-store';
import type { Logger, Metrics } from '@tributary/telemetry';
import { fenceRecord } from './record-fence.js';
import type { DecodedMessage } from './record-writer.js';
import { retry } from './retry.js';

export interface GenerationFenceDeps {
  readonly db: RunDatabase;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface DroppedOfRun {
  readonly generations: Set<number>;
  rows: number;
}

/** Keeps out what trainers of earlier generations did beyond the step where a later one began. */
export class GenerationFence {
  readonly #deps: GenerationFenceDeps;
  #problem: string | null = null;

  constructor(deps: GenerationFenceDeps) {
    this.#deps = deps;
  }

  /** What keeps it from telling now; null: nothing. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * What counts of a batch, by one query; a message of which nothing counts is acknowledged. Waits out a Postgres that is away.
   * @throws the last error where the signal ends the waiting; nothing was acknowledged then
   */
  async apply(batch: readonly DecodedMessage[], signal: AbortSignal): Promise<DecodedMessage[]> {
    const oldest = new Map<string, number>();
    for (const { record } of batch)
      oldest.set(record.run, Math.min(record.generation, oldest.get(record.run) ?? record.generation));
    const later = await this.#later(oldest, signal);
    if (later.length === 0) return [...batch];
    const dropped = new Map<string, DroppedOfRun>();
    const kept: DecodedMessage[] = [];
    for (const { message, record } of batch) {
      const fenced = fenceRecord(
        record,
        later.filter(({ run }) => run === record.run),
      );
      if (fenced.dropped > 0) this.#count(dropped, record, fenced.dropped);
      if (fenced.record === null) message.ack();
      else kept.push({ message, record: fenced.record });
    }
    this.#tell(dropped);
    return kept;
  }

  /** Whether a part that has waited since its batch counts no more. */
  async shutsOut(part: CheckpointPart, signal: AbortSignal): Promise<boolean> {
    const { run, attempt, generation, step } = part;
    const later = await this.#later(new Map([[run, generation]]), signal);
    const { dropped } = fenceRecord({ run, attempt, generation, member: 0, kind: 'checkpoint-part', part }, later);
    if (dropped === 0) return false;
    this.#deps.metrics.recordsFencedTotal.inc({ kind: 'checkpoint-part' });
    this.#deps.logger.warn({ run, generation, step, part: part.part }, 'a part of an earlier generation was dropped');
    return true;
  }

  async #later(after: ReadonlyMap<string, number>, signal: AbortSignal) {
    const rows = await retry(async () => await laterGenerations(this.#deps.db, after), {
      signal,
      retryable: () => true,
      onRetry: (error, attempt, waitMs) => {
        this.#problem = `Generations cannot be read: ${String(error)}`;
        const level = isTransientDatabaseError(error) ? 'warn' : 'error';
        this.#deps.logger[level]({ error: String(error), attempt, waitMs }, 'records wait for Postgres');
      },
    });
    this.#problem = null;
    return rows;
  }

  #count(dropped: Map<string, DroppedOfRun>, record: DecodedMessage['record'], rows: number): void {
    this.#deps.metrics.recordsFencedTotal.inc({ kind: record.kind }, rows);
    const ofRun = dropped.get(record.run) ?? { generations: new Set(), rows: 0 };
    ofRun.generations.add(record.generation);
    ofRun.rows += rows;
    dropped.set(record.run, ofRun);
  }

  /** Once a batch: a trainer that woke up late may have much to say. */
  #tell(dropped: ReadonlyMap<string, DroppedOfRun>): void {
    if (dropped.size === 0) return;
    const runs = [...dropped].map(([run, { generations, rows }]) => ({ run, generations: [...generations], rows }));
    this.#deps.logger.warn({ runs }, 'records of earlier generations were dropped: a later one has their steps');
  }
}
