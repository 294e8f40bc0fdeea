import type { GenerationDocument, SnapshotPart } from '@tributary/protocol';
import type { Logger, Metrics } from '@tributary/telemetry';
import type { PassTrainerFaultPoint } from './fault-points.js';
import type { RecordOutbox } from './record-outbox.js';
import type { SnapshotPort } from './snapshot-port.js';
import type { PartFile } from './state-messages.js';
import { unlessAborted } from './unless-aborted.js';

export interface SnapshotWriterDeps {
  readonly snapshots: SnapshotPort;
  readonly outbox: Pick<RecordOutbox, 'addSnapshot'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The state of this step is known by its hashes. */
  readonly onTaken: (step: number, sharedHash: string) => void;
  /** What a user should know; called once. */
  readonly onFailure: (text: string) => void;
  readonly pass: PassTrainerFaultPoint;
  readonly signal: AbortSignal;
}

/** Brings a member's snapshots to its agent's folder and its buddy, in the background and one at a time. */
export class SnapshotWriter {
  readonly #document: GenerationDocument;
  readonly #worker: string;
  readonly #deps: SnapshotWriterDeps;
  #underWay: Promise<void> = Promise.resolve();
  #toldFailure = false;

  constructor(document: GenerationDocument, worker: string, deps: SnapshotWriterDeps) {
    this.#document = document;
    this.#worker = worker;
    this.#deps = deps;
  }

  /** Resolves when the newest snapshot is written and the buddy holds its copy, or when that has failed. */
  async room(): Promise<void> {
    await unlessAborted(this.#underWay, this.#deps.signal);
  }

  /** Of the state after `step` steps. A snapshot that cannot be written costs safety, not the run. */
  write(step: number, files: readonly PartFile[]): void {
    this.#underWay = this.#write(step, files);
  }

  async #write(step: number, files: readonly PartFile[]): Promise<void> {
    const { snapshots, outbox, metrics, signal, onTaken } = this.#deps;
    const { run, generation } = this.#document;
    const startedMs = performance.now();
    const observe = (phase: 'write' | 'copy'): void =>
      metrics.snapshotDurationSeconds.observe({ phase }, (performance.now() - startedMs) / 1_000);
    try {
      const parts: SnapshotPart[] = [];
      let failure: unknown = null;
      for (const { part, file } of files) {
        const { bytes, sha256, stateHash } = await file;
        signal.throwIfAborted();
        const described = { run, generation, step, part, sizeBytes: bytes.length, sha256, stateHash };
        parts.push(described);
        // What the state is can be said, and compared, without room to keep it.
        if (failure === null)
          failure = await snapshots.folder.write(described, bytes).then(
            () => null,
            (error) => error,
          );
      }
      signal.throwIfAborted();
      outbox.addSnapshot(
        step,
        parts.map(({ part, stateHash }) => ({ part, stateHash })),
      );
      onTaken(step, parts.find(({ part }) => part === 'shared')?.stateHash ?? '');
      if (failure !== null) throw failure;
      this.#deps.pass('snapshot-written');
      observe('write');
      await unlessAborted(snapshots.written(step, parts), signal);
      observe('copy');
    } catch (error) {
      if (!signal.aborted) this.#tellFailure(step, error);
    }
  }

  #tellFailure(step: number, error: unknown): void {
    const { logger, metrics, onFailure } = this.#deps;
    metrics.snapshotFailuresTotal.inc({ run_id: this.#document.run });
    logger.error({ error: String(error), step }, 'this snapshot could not be written; training goes on');
    if (this.#toldFailure) return;
    this.#toldFailure = true;
    onFailure(
      `Worker ${this.#worker} could not write a snapshot of step ${step} (${String(error)}); training goes on, and a loss of this worker costs the steps since the last snapshot or checkpoint. Free space in its snapshot folder (TRIBUTARY_SNAPSHOT_DIR).`,
    );
  }
}
