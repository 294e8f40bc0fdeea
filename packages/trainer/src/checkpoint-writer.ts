import {
  type CheckpointPart,
  checkpointPartKey,
  type GenerationDocument,
  type ObjectStore,
  TributaryError,
} from '@tributary/protocol';
import type { Logger, Metrics } from '@tributary/telemetry';
import type { PassTrainerFaultPoint } from './fault-points.js';
import type { RecordOutbox } from './record-outbox.js';
import type { PartFile } from './state-messages.js';
import { unlessAborted } from './unless-aborted.js';

export interface CheckpointWriterDeps {
  readonly objects: ObjectStore;
  readonly outbox: RecordOutbox;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly pass: PassTrainerFaultPoint;
  readonly signal: AbortSignal;
}

/** Writes a member's parts in the background, one checkpoint after another. */
export class CheckpointWriter {
  readonly #document: GenerationDocument;
  readonly #parts: readonly string[];
  readonly #deps: CheckpointWriterDeps;
  /** The writing of the newest checkpoint, and of the one before it. */
  #tail: Promise<void> = Promise.resolve();
  #before: Promise<void> = Promise.resolve();
  #failed: { readonly step: number; readonly cause: unknown } | null = null;

  constructor(document: GenerationDocument, parts: readonly string[], deps: CheckpointWriterDeps) {
    this.#document = document;
    this.#parts = parts;
    this.#deps = deps;
  }

  /** Resolves when no more than one checkpoint is being written: each that waits holds a copy of the whole state. */
  async roomForOne(): Promise<void> {
    await unlessAborted(this.#before, this.#deps.signal);
  }

  /** Resolves when none is being written. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  /** Of the state after `step` steps. A part that cannot be written costs this checkpoint, not the run. */
  write(step: number, files: readonly PartFile[]): void {
    this.#before = this.#tail;
    this.#tail = this.#tail.then(() => this.#write(step, files));
  }

  /**
   * Resolves when every part so far has been stored and announced, or has failed.
   * @throws TributaryError `SERVER_FAILED` where the checkpoint that ends the generation is the one that failed
   */
  async settled(finalStep: number): Promise<void> {
    await unlessAborted(this.#tail, this.#deps.signal);
    if (this.#failed?.step !== finalStep) return;
    throw new TributaryError(
      'SERVER_FAILED',
      `The last checkpoint, of step ${finalStep}, could not be written (${String(this.#failed.cause)}); free space in the checkpoint store, then resume the run.`,
      { cause: this.#failed.cause },
    );
  }

  async #write(step: number, files: readonly PartFile[]): Promise<void> {
    const { objects, outbox, logger, metrics, signal } = this.#deps;
    const { run, attempt, generation } = this.#document;
    const started = performance.now();
    try {
      for (const { part, file } of files) {
        signal.throwIfAborted();
        const { bytes, sha256, stateHash } = await file;
        const key = checkpointPartKey(run, step, generation, part);
        await objects.put(key, bytes);
        this.#deps.pass('checkpoint-put');
        signal.throwIfAborted();
        const announcement: CheckpointPart = {
          run,
          attempt,
          generation,
          step,
          part,
          parts: this.#parts,
          key,
          sizeBytes: bytes.length,
          sha256,
          stateHash,
        };
        outbox.addCheckpointPart(announcement);
      }
      await outbox.settled();
      metrics.checkpointDurationSeconds.observe(
        { phase: 'write', outcome: 'ok' },
        (performance.now() - started) / 1_000,
      );
    } catch (error) {
      if (signal.aborted) return;
      this.#failed = { step, cause: error };
      metrics.checkpointFailuresTotal.inc({ run_id: run });
      metrics.checkpointDurationSeconds.observe(
        { phase: 'write', outcome: 'failed' },
        (performance.now() - started) / 1_000,
      );
      logger.error({ error: String(error), step }, 'this checkpoint could not be written; training goes on');
    }
  }
}
