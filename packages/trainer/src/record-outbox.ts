import { setTimeout as delay } from 'node:timers/promises';
import {
  encodeRunRecord,
  type LedgerStep,
  type Point,
  type RunRecord,
  type SampleRow,
  type StepMatrix,
  type TimingPoint,
} from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import type { RecordStream } from './trainer-types.js';
import { within } from './within.js';

export interface OutboxOptions {
  readonly subject: string;
  readonly run: RunRecord['run'];
  readonly attempt: number;
  readonly generation: number;
  readonly member: number;
  readonly flushIntervalMs: number;
}

/** Inner products and coefficients in one message: about 20 bytes each, so well below the 1 MiB that NATS takes by default. */
const numbersOfMessage = 16_384;
/** Rows of the ledger in one message: about 70 bytes each. */
const ledgerOfMessage = 4_096;

/**
 * Publishes a member's records to JetStream in order and keeps each until it is acknowledged. A record sent twice changes
 * nothing: the recorder's keys are idempotent.
 */
export class RecordOutbox {
  readonly #options: OutboxOptions;
  readonly #stream: RecordStream;
  readonly #logger: Logger;
  readonly #queue: RunRecord[] = [];
  #points: Point[] = [];
  #timings: TimingPoint[] = [];
  #matrices: StepMatrix[] = [];
  #matrixNumbers = 0;
  #tokens = 0;
  #ledger: LedgerStep[] = [];
  #draining: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();

  constructor(options: OutboxOptions, deps: { readonly stream: RecordStream; readonly logger: Logger }) {
    this.#options = options;
    this.#stream = deps.stream;
    this.#logger = deps.logger;
    this.#timer = setInterval(() => this.#flush(), options.flushIntervalMs);
  }

  addStep(points: readonly Point[], timings: readonly TimingPoint[], tokens: number): void {
    this.#points.push(...points);
    this.#timings.push(...timings);
    this.#tokens += tokens;
  }

  addMatrices(matrices: readonly StepMatrix[]): void {
    this.#matrices.push(...matrices);
    for (const { gram, coefficients } of matrices) this.#matrixNumbers += gram.length + coefficients.length;
    if (this.#matrixNumbers >= numbersOfMessage) this.#flush();
  }

  addLedger(steps: readonly LedgerStep[]): void {
    this.#ledger.push(...steps);
    if (this.#ledger.length >= ledgerOfMessage) this.#flush();
  }

  addSnapshot(step: number, parts: Extract<RunRecord, { kind: 'snapshot' }>['parts']): void {
    this.#enqueue({ ...this.#base(), kind: 'snapshot', step, parts });
  }

  /** Records of another member that it could not publish itself; as they are. */
  addUnacknowledged(records: readonly RunRecord[]): void {
    this.#flush();
    for (const record of records) this.#push(record);
  }

  /** All that JetStream has not acknowledged yet, oldest first. */
  pending(): readonly RunRecord[] {
    this.#flush();
    return [...this.#queue];
  }

  addSamples(step: number, samples: readonly SampleRow[]): void {
    this.#enqueue({ ...this.#base(), kind: 'samples', step, samples });
  }

  addLineage(entries: Readonly<Record<string, string>>): void {
    this.#enqueue({ ...this.#base(), kind: 'lineage', entries });
  }

  addCheckpointPart(part: Extract<RunRecord, { kind: 'checkpoint-part' }>['part']): void {
    this.#enqueue({ ...this.#base(), kind: 'checkpoint-part', part });
  }

  addMemberEnd(step: number, outcome: string): void {
    this.#enqueue({ ...this.#base(), kind: 'member-end', step, outcome });
  }

  /** Resolves when everything added so far has been acknowledged by JetStream. */
  async settled(): Promise<void> {
    this.#flush();
    while (this.#draining) await this.#draining;
  }

  /** As `settled`, but gives up after a while: for a run that fails, whose last points should still be seen. */
  async settledWithin(limitMs: number): Promise<void> {
    await within(limitMs, this.settled());
  }

  /** Resolves once nothing is sent any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    while (this.#draining) await this.#draining;
  }

  #base() {
    const { run, attempt, generation, member } = this.#options;
    return { run, attempt, generation, member };
  }

  #flush(): void {
    this.#flushPoints();
    if (this.#matrices.length > 0) {
      const record: RunRecord = { ...this.#base(), kind: 'matrices', matrices: this.#matrices };
      this.#matrices = [];
      this.#matrixNumbers = 0;
      this.#push(record);
    }
    if (this.#ledger.length === 0) return;
    const record: RunRecord = { ...this.#base(), kind: 'ledger', steps: this.#ledger };
    this.#ledger = [];
    this.#push(record);
  }

  #flushPoints(): void {
    if (this.#points.length === 0 && this.#timings.length === 0) return;
    const record: RunRecord = {
      ...this.#base(),
      kind: 'points',
      points: this.#points,
      timings: this.#timings,
      tokens: this.#tokens,
    };
    this.#points = [];
    this.#timings = [];
    this.#tokens = 0;
    this.#push(record);
  }

  /** What came first is published first. */
  #enqueue(record: RunRecord): void {
    this.#flush();
    this.#push(record);
  }

  #push(record: RunRecord): void {
    this.#queue.push(record);
    if (!this.#closing.signal.aborted) this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    let delayMs = 100;
    const { signal } = this.#closing;
    while (this.#queue.length > 0 && !signal.aborted) {
      try {
        await this.#stream.publish(this.#options.subject, encodeRunRecord(this.#queue[0] as RunRecord), {
          timeout: 5_000,
        });
        this.#queue.shift();
        delayMs = 100;
      } catch (error) {
        this.#logger.warn({ error: String(error), waiting: this.#queue.length }, 'records wait for JetStream');
        await delay(delayMs, undefined, { signal }).catch(() => undefined);
        delayMs = Math.min(delayMs * 2, 5_000);
      }
    }
    // Here and not a moment later: what is queued in between would wait for the next record.
    this.#draining = null;
  }
}
