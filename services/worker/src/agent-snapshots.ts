import { fetchSnapshotPart } from '@tributary/checkpoints';
import type { SnapshotPart } from '@tributary/protocol';
import type { SnapshotPort } from '@tributary/trainer';
import type { FromTrainer } from './trainer-messages.js';
import type { TrainerSession } from './trainer-session.js';

/** One generation's way to its agent's snapshots: the folder that both share, and the agent's word on what is safe. */
export class AgentSnapshots implements SnapshotPort {
  readonly folder: SnapshotPort['folder'];
  readonly #session: TrainerSession;
  readonly #generation: number;
  readonly #tell: (message: FromTrainer) => void;
  /** By step: who waits for the agent's word. */
  readonly #waiting = new Map<number, () => void>();

  constructor(session: TrainerSession, generation: number, tell: (message: FromTrainer) => void) {
    this.folder = session.folder;
    this.#session = session;
    this.#generation = generation;
    this.#tell = tell;
  }

  async fetch(
    part: SnapshotPart,
    holders: Parameters<SnapshotPort['fetch']>[1],
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { folder, nats, worker, logger, environment } = this.#session;
    if (await folder.holds(part)) {
      try {
        return await folder.read(part);
      } catch (error) {
        logger.warn(
          { step: part.step, part: part.part, error: String(error) },
          'taking a snapshot from another worker',
        );
      }
    }
    const others = holders.filter((holder) => holder !== worker);
    return fetchSnapshotPart({
      connection: nats.connection,
      names: environment.names,
      ...{ part, holders: others, signal },
    });
  }

  written(step: number, parts: readonly SnapshotPart[]): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(step, resolve);
      this.#tell({ kind: 'snapshot', generation: this.#generation, step, parts });
    });
  }

  /** The agent's word. */
  kept(step: number): void {
    this.#waiting.get(step)?.();
    this.#waiting.delete(step);
  }
}
