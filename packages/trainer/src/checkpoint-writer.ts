import type { EncodedPart } from '@tributary/checkpoints';
import {
  type CheckpointPart,
  checkpointPartKey,
  type GenerationDocument,
  type ObjectStore,
  TributaryError,
} from '@tributary/protocol';
import type { Logger, Metrics } from '@tributary/telemetry';
import type { RecordOutbox } from './record-outbox.js';

/** A member's own parts of one checkpoint, encoded when asked so that training goes on meanwhile. */
export interface PartSource {
  readonly part: string;
  readonly encode: () => EncodedPart;
}

export interface CheckpointWriterDeps {
  readonly objects: ObjectStore;
  readonly outbox: RecordOutbox;
  readonly logger: Logger;
  readonly metrics: Metrics;
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
    await this.#before;
  }

  /** `sources` hold copies of the state after `step` steps. A part that cannot be written costs this checkpoint, not the run. */
  write(step: number, sources: readonly PartSource[]): void {
    this.#before = this.#tail;
    this.#tail = this.#tail.then(() => this.#write(step, sources));
  }

  /**
   * Resolves when every part so far has been stored and announced, or has failed.
   * @throws TributaryError `SERVER_FAILED` where the checkpoint that ends the generation is the one that failed
   */
  async settled(finalStep: number): Promise<void> {
    await this.#tail;
    if (this.#failed?.step !== finalStep) return;
    throw new TributaryError(
      'SERVER_FAILED',
      `The last checkpoint, of step ${finalStep}, could not be written (${String(this.#failed.cause)}); free space in the checkpoint store, then resume the run.`,
      { cause: this.#failed.cause },
    );
  }

  async #write(step: number, sources: readonly PartSource[]): Promise<void> {
    const { objects, outbox, logger, metrics } = this.#deps;
    const { run, attempt, generation } = this.#document;
    const started = performance.now();
    try {
      for (const { part, encode } of sources) {
        const { bytes, sha256, stateHash } = encode();
        const key = checkpointPartKey(run, step, generation, part);
        await objects.put(key, bytes);
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
      this.#failed = { step, cause: error };
      metrics.checkpointDurationSeconds.observe(
        { phase: 'write', outcome: 'failed' },
        (performance.now() - started) / 1_000,
      );
      logger.error({ error: String(error), step }, 'this checkpoint could not be written; training goes on');
    }
  }
}
