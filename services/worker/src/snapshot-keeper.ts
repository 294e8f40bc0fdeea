import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { requestCopy, type SnapshotFolder, type SnapshotSet, serveSnapshots } from '@tributary/checkpoints';
import {
  type GenerationDocument,
  type NatsNames,
  type RunId,
  type SnapshotPart,
  TributaryError,
  type WorkerId,
} from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';

/** Sets of a run that an agent keeps: the newest whole one, one that is being made, and one for when a copy fails. */
const keptSets = 3;

export interface SnapshotKeeperOptions {
  readonly worker: WorkerId;
  readonly folder: SnapshotFolder;
  readonly connection: NatsConnection;
  readonly names: NatsNames;
  readonly logger: Logger;
}

/**
 * The agent's side of snapshots: serves its folder, brings what its trainer wrote to the member's buddy, and drops what no
 * generation can want any more.
 */
export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  /** The newest document of each run. */
  readonly #documents = new Map<RunId, GenerationDocument>();
  /** Of the copies under way of each run's newest generation. */
  readonly #copying = new Map<RunId, AbortController>();
  readonly #server: ReturnType<typeof serveSnapshots>;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
    this.#server = serveSnapshots({
      ...options,
      admits: ({ run, generation, step }) => this.#counts(run, generation, step),
      onCopied: (parts) => this.#retain(parts),
    });
  }

  /**
   * Drops runs that are closed or unknown to the installation, left by an agent before this one. For the agent's start, once it
   * follows the generations.
   */
  async sweep(generations: KV): Promise<void> {
    for (const run of await this.#options.folder.runs()) {
      const entry = await generations.get(run);
      const document = entry?.operation === 'PUT' ? entry.json<GenerationDocument>() : null;
      if (document === null) await this.#options.folder.drop(run);
      else await this.obey(document);
    }
  }

  /** Takes note of a document; resolves once what it makes worthless is dropped. Never throws. */
  obey(document: GenerationDocument): Promise<void> {
    const { run, attempt, generation, state, resume } = document;
    const before = this.#documents.get(run);
    if (before && before.generation > generation) return this.#tail;
    this.#documents.set(run, document);
    if (before && before.generation === generation && before.state === state) return this.#tail;
    this.#giveUpCopies(run, `generation ${generation} of run ${run} ${state === 'closed' ? 'is closed' : 'has begun'}`);
    return this.#afterwards(run, async (folder) => {
      if (state === 'closed' || (before && before.attempt < attempt)) await folder.drop(run);
      else {
        await folder.dropBeyond(run, generation, resume.step);
        await folder.keepNewest(run, keptSets, this.#wanted(run));
      }
    });
  }

  /**
   * The trainer has written these parts of one snapshot. Resolves once the buddy holds what only this member has, or cannot: none
   * is left, it is silent for 5 s, or the generation has gone. Never throws.
   */
  async written(parts: readonly SnapshotPart[]): Promise<void> {
    const first = parts[0];
    if (!first) return;
    const { run, generation, step } = first;
    const document = this.#documents.get(run);
    const { worker, connection, names, logger } = this.#options;
    const buddy = document?.generation === generation ? buddyOf(document, worker) : null;
    // Every member has the shared state.
    const own = parts.filter(({ part }) => part !== 'shared');
    if (buddy !== null && own.length > 0 && this.#counts(run, generation, step)) {
      try {
        const { signal } = this.#copiesOf(run);
        await requestCopy({ connection, names, buddy, from: worker, parts: own, signal });
      } catch (error) {
        logger.warn({ run, generation, step, buddy, error: String(error) }, 'the buddy has no copy of a snapshot');
      }
    }
    this.#retain(parts);
  }

  /** Stops serving; what it holds stays. */
  async close(): Promise<void> {
    const served = this.#server.close();
    for (const run of this.#copying.keys()) this.#giveUpCopies(run, `worker ${this.#options.worker} leaves`);
    await Promise.all([served, this.#tail]);
  }

  #copiesOf(run: RunId): AbortController {
    const copies = this.#copying.get(run) ?? new AbortController();
    this.#copying.set(run, copies);
    return copies;
  }

  #giveUpCopies(run: RunId, reason: string): void {
    this.#copying.get(run)?.abort(new TributaryError('GENERATION_SUPERSEDED', `The copy is given up: ${reason}.`));
    this.#copying.delete(run);
  }

  /** Whether a snapshot may still be wanted: its run is not closed, and no newer generation began before it. */
  #counts(run: RunId, generation: number, step: number): boolean {
    const document = this.#documents.get(run);
    if (!document) return true;
    return document.state === 'open' && (generation >= document.generation || step <= document.resume.step);
  }

  #retain(parts: readonly SnapshotPart[]): void {
    for (const run of new Set(parts.map((part) => part.run)))
      void this.#afterwards(run, (folder) => folder.keepNewest(run, keptSets, this.#wanted(run)));
  }

  /** The snapshot that the newest generation began with: whole, where its own may not be yet. */
  #wanted(run: RunId): SnapshotSet | null {
    const resume = this.#documents.get(run)?.resume;
    return resume?.snapshot ? { generation: resume.snapshot.generation, step: resume.step } : null;
  }

  /** One after another: dropping and keeping must not cross. */
  #afterwards(run: RunId, work: (folder: SnapshotFolder) => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(() =>
      work(this.#options.folder).catch((error: unknown) => {
        this.#options.logger.warn({ run, error: String(error) }, 'old snapshots could not be dropped');
      }),
    );
    return this.#tail;
  }
}

function buddyOf(document: GenerationDocument, worker: WorkerId): WorkerId | null {
  const buddy = document.members.find((member) => member.worker === worker)?.buddy ?? null;
  return buddy === worker ? null : buddy;
}
