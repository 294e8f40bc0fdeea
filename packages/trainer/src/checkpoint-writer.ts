import type { EncodedPart } from '@tributary/checkpoints';
import { type CheckpointPart, checkpointPartKey, type GenerationDocument, type ObjectStore } from '@tributary/protocol';
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
  #tail: Promise<void> = Promise.resolve();

  constructor(document: GenerationDocument, parts: readonly string[], deps: CheckpointWriterDeps) {
    this.#document = document;
    this.#parts = parts;
    this.#deps = deps;
  }

  /** `sources` hold copies of the state after `step` steps. A part that cannot be written costs this checkpoint, not the run. */
  write(step: number, sources: readonly PartSource[]): void {
    this.#tail = this.#tail.then(() => this.#write(step, sources));
  }

  /** Resolves when every part so far has been stored and announced, or has failed. */
  async settled(): Promise<void> {
    await this.#tail;
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
      metrics.checkpointDurationSeconds.observe(
        { phase: 'write', outcome: 'failed' },
        (performance.now() - started) / 1_000,
      );
      logger.error({ error: String(error), step }, 'this checkpoint could not be written; training goes on');
    }
  }
}
