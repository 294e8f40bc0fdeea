import { readPart, writeManifest } from '@tributary/checkpoints';
import {
  type CheckpointManifest,
  type CheckpointPart,
  checkpointKey,
  type ObjectStore,
  TributaryError,
} from '@tributary/protocol';
import {
  addCheckpointPart,
  checkpointsGivenUp,
  commitCheckpoint,
  type Db,
  type DivergenceRow,
  deleteCheckpoint,
  deletedCheckpoints,
  findRun,
  forgetCheckpoints,
  isTransientDatabaseError,
  recordDivergedPart,
  unneededParts,
} from '@tributary/run-store';
import type { Logger, Metrics } from '@tributary/telemetry';
import type { PassRecorderFaultPoint } from './fault-points.js';
import { retry } from './retry.js';

export interface CheckpointCommitterDeps {
  readonly db: Db;
  readonly objects: ObjectStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly pass: PassRecorderFaultPoint;
  readonly onDiverged: (diverged: DivergenceRow) => void;
  /** The records stream's sequence up to which no message is missing an acknowledgment. */
  readonly settledThrough: () => Promise<number>;
}

/** A part as it was announced. */
export interface AnnouncedPart {
  readonly part: CheckpointPart;
  /** Place of the announcement in the records stream. */
  readonly sequence: number;
}

/** Verifies parts, commits checkpoints that are whole, and deletes those that retention gives up. */
export class CheckpointCommitter {
  readonly #deps: CheckpointCommitterDeps;
  constructor(deps: CheckpointCommitterDeps) {
    this.#deps = deps;
  }

  /**
   * Handles one announced part, again and again until it is done. A part that is missing or wrong is dropped: its checkpoint never
   * comes to be, and the one before stays.
   * @throws the last error where the signal ends the trying
   */
  async handle(announced: AnnouncedPart, signal: AbortSignal): Promise<void> {
    const { logger } = this.#deps;
    const { part } = announced;
    const { run, step, part: name } = part;
    try {
      await retry(async () => await this.#take(announced), {
        signal,
        retryable: (error) => !isLostPart(error),
        onRetry: (error, attempt, waitMs) => {
          const level = isTransientDatabaseError(error) ? 'warn' : 'error';
          logger[level]({ run, step, part: name, error: String(error), attempt, waitMs }, 'a checkpoint part waits');
        },
      });
    } catch (error) {
      if (!isLostPart(error)) throw error;
      logger.error(
        { run, step, part: name, key: part.key, code: error.code, error: error.message },
        'a checkpoint part was dropped',
      );
    }
  }

  async #take({ part, sequence }: AnnouncedPart): Promise<void> {
    const { db, objects, metrics, pass, onDiverged } = this.#deps;
    if ((await findRun(db, part.run)) === null) return;
    await this.#timed('verify', async () => void (await readPart(objects, part)));
    const manifest = await addCheckpointPart(db, part);
    pass('part-added');
    if (manifest === null) {
      const diverged = await recordDivergedPart(db, part);
      if (diverged) onDiverged(diverged);
      // A recorder killed right after its commit left this to the part's next delivery.
      await this.#retain({ part, sequence });
      return;
    }
    await this.#timed('commit', async () => await this.#commit(manifest, { part, sequence }));
    metrics.checkpointLastSuccessTimestampSeconds.set({ run_id: part.run }, Date.now() / 1_000);
    metrics.checkpointBytes.set(
      { run_id: part.run },
      manifest.parts.reduce((sum, one) => sum + one.sizeBytes, 0),
    );
  }

  async #commit(manifest: CheckpointManifest, announced: AnnouncedPart): Promise<void> {
    const { db, objects, logger, pass } = this.#deps;
    const { run, step, stateHash } = manifest;
    await writeManifest(objects, manifest);
    pass('manifest-written');
    if (await commitCheckpoint(db, manifest)) logger.info({ run, step, stateHash }, 'checkpoint committed');
    pass('checkpoint-committed');
    await this.#retain(announced);
  }

  /**
   * Applies the run file's retention. What was cut off half-way is finished the next time. A killed recorder's messages come again
   * behind newer ones: only once all before this one are settled will no checkpoint of an earlier step become whole any more.
   */
  async #retain({ part: { run, step: newest }, sequence }: AnnouncedPart): Promise<void> {
    const { db, objects, logger, settledThrough } = this.#deps;
    const row = await findRun(db, run);
    if (!row) return;
    for (const { step } of await checkpointsGivenUp(db, row)) {
      await deleteCheckpoint(db, run, step);
      logger.info({ run, step }, 'checkpoint deleted');
    }
    const steps = await deletedCheckpoints(db, run);
    const settledBelow = (await settledThrough()) < sequence - 1 ? 0 : newest;
    const parts = await unneededParts(db, run, { settledBelow });
    for (const step of steps) await objects.delete(checkpointKey(run, step));
    for (const { key } of parts) await objects.delete(key);
    await forgetCheckpoints(db, run, { steps, partKeys: parts.map(({ key }) => key) });
  }

  async #timed(phase: 'verify' | 'commit', work: () => Promise<void>): Promise<void> {
    const { metrics } = this.#deps;
    const startedMs = performance.now();
    let outcome = 'failed';
    try {
      await work();
      outcome = 'ok';
    } finally {
      metrics.checkpointDurationSeconds.observe({ phase, outcome }, (performance.now() - startedMs) / 1_000);
    }
  }
}

function isLostPart(error: unknown): error is TributaryError {
  return error instanceof TributaryError && (error.code === 'OBJECT_NOT_FOUND' || error.code === 'CHECKPOINT_CORRUPT');
}
