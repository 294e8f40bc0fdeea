import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { fetchSnapshotPart, requestCopy, SnapshotFolder, serveSnapshots } from '@tributary/checkpoints';
import { natsTransport } from '@tributary/collectives';
import type {
  GenerationDocument,
  MemberEnding,
  ObjectStore,
  PreparedRun,
  SnapshotPart,
  WorkerId,
} from '@tributary/protocol';
import { createLogger, createMetrics, type Metrics } from '@tributary/telemetry';
import { ComputeKeeper, type SnapshotPort, Trainer, type TrainerProgress } from '@tributary/trainer';
import type { TrainingGround } from './training-ground.js';

export interface HostedTrainer {
  readonly trainer: Trainer;
  readonly ending: Promise<MemberEnding>;
  /** Resolves at the first status that satisfies a condition. */
  until(when: (status: TrainerProgress) => boolean): Promise<TrainerProgress>;
  /** Resolves once its first snapshot is written, and its buddy has a copy. */
  readonly kept: Promise<void>;
}

export interface TrainFaults {
  /** JetStream takes none of this member's records. */
  readonly recordsWait?: boolean;
  /** Every file of a snapshot fails as on a full disk. */
  readonly snapshotsFail?: boolean;
  readonly objects?: ObjectStore;
}

/**
 * What a worker is to its trainers, within the test's own process: a snapshot folder that it serves, and the compute thread that
 * outlives generations. The trainers, their exchange and the servers are the real ones.
 */
export class TrainerHost {
  readonly worker: WorkerId;
  readonly metrics: Metrics = createMetrics();
  readonly folder: SnapshotFolder;
  readonly #ground: TrainingGround;
  readonly #compute = new ComputeKeeper();
  readonly #server: ReturnType<typeof serveSnapshots>;
  readonly #logger = createLogger({ service: 'trainer', level: 'fatal' });
  #lost = false;

  static async open(ground: TrainingGround, worker: string): Promise<TrainerHost> {
    return new TrainerHost(ground, worker as WorkerId, await mkdtemp(join(tmpdir(), `tributary-${worker}-`)));
  }

  private constructor(ground: TrainingGround, worker: WorkerId, root: string) {
    this.#ground = ground;
    this.worker = worker;
    this.folder = new SnapshotFolder(root);
    const { connection, names } = ground;
    this.#server = serveSnapshots({ connection, names, worker, folder: this.folder, logger: this.#logger });
  }

  /** Begins this worker's part in a generation. */
  async train(document: GenerationDocument, faults: TrainFaults = {}): Promise<HostedTrainer> {
    const { servers, names, connection, objects } = this.#ground;
    const member = document.members.find(({ worker }) => worker === this.worker);
    if (!member) throw new Error(`worker ${this.worker} has no part in generation ${document.generation}`);
    const transport = await natsTransport({
      servers: servers.natsUrl,
      user: servers.natsUser,
      pass: servers.natsPassword,
      name: `exchange ${this.worker}`,
      onState: () => {},
      subject: names.exchange(document.run, document.attempt, document.generation),
      self: member.member,
      size: document.members.length,
    });
    const prepared = JSON.parse(new TextDecoder().decode(await objects.get(document.preparedKey))) as PreparedRun;
    const stream = jetstream(connection);
    const subject = names.records(document.run);
    let onKept = (): void => {};
    const kept = new Promise<void>((resolve) => {
      onKept = resolve;
    });
    const listeners = new Set<(status: TrainerProgress) => void>();
    const trainer = new Trainer(
      {
        document,
        member: member.member,
        prepared,
        backend: 'auto',
        device: 'cpu',
        recordsSubject: subject,
        eventsSubject: names.events(document.run),
      },
      {
        transport,
        stream: {
          publish: (to, payload, options) =>
            to === subject && faults.recordsWait
              ? Promise.reject(new Error('the stream takes nothing'))
              : stream.publish(to, payload, options),
        },
        objects: faults.objects ?? objects,
        logger: this.#logger,
        metrics: this.metrics,
        compute: this.#compute,
        snapshots: this.#port(member.buddy ?? null, faults.snapshotsFail ?? false, onKept),
        onStatus: (status) => {
          for (const listener of listeners) listener(status);
        },
      },
    );
    const ending = trainer.run();
    ending.catch(() => undefined);
    return {
      trainer,
      ending,
      kept,
      until: (when) =>
        new Promise((resolve, reject) => {
          listeners.add((status) => {
            if (when(status)) resolve(status);
          });
          ending.catch(reject);
        }),
    };
  }

  /** This worker's machine is gone, with all that it held; what an aborted trainer or a copy was still writing goes nowhere. */
  async lose(): Promise<void> {
    this.#lost = true;
    await this.#server.close();
    await rm(this.folder.root, { recursive: true, force: true, maxRetries: 20 });
  }

  async close(): Promise<void> {
    await this.#compute.close();
    await this.lose();
  }

  #port(buddy: WorkerId | null, failing: boolean, onKept: () => void): SnapshotPort {
    const { connection, names } = this.#ground;
    const { folder, worker } = this;
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return {
      folder: { write: (part, bytes) => (failing || this.#lost ? Promise.reject(full) : folder.write(part, bytes)) },
      fetch: (part, holders, signal) =>
        folder.read(part).catch(() => fetchSnapshotPart({ connection, names, part, holders, signal })),
      written: async (_step: number, parts: readonly SnapshotPart[]) => {
        const own = parts.filter(({ part }) => part !== 'shared');
        if (buddy)
          await requestCopy({ connection, names, buddy, from: worker, parts: own, signal: AbortSignal.timeout(5_000) });
        onKept();
      },
    };
  }
}
