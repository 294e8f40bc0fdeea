import { SnapshotFolder } from '@tributary/checkpoints';
import type { ObjectStore, PreparedRun, WorkerId } from '@tributary/protocol';
import { createLogger, createMetrics, type Logger, type Metrics, serveMetrics } from '@tributary/telemetry';
import { ComputeKeeper, patientStore } from '@tributary/trainer';
import { readEnvironment, type WorkerEnvironment } from './environment.js';
import { type NatsSession, openSession } from './nats-session.js';
import { serversGoneExitCode } from './trainer-messages.js';

/** What a trainer process keeps from one generation to the next: its connection, its compute thread, its data. */
export class TrainerSession {
  readonly environment: WorkerEnvironment;
  readonly worker: WorkerId;
  readonly logger: Logger;
  readonly nats: NatsSession;
  readonly objects: ObjectStore;
  readonly metrics: Metrics;
  readonly compute = new ComputeKeeper();
  readonly folder: SnapshotFolder;
  readonly #prepared = new Map<string, PreparedRun>();
  #metricsServed = false;

  /** Waits for servers that are away. */
  static async open(): Promise<TrainerSession> {
    const environment = readEnvironment(process.env);
    const { worker } = environment;
    const logger = createLogger({ service: 'trainer', level: environment.logLevel }).child({ worker });
    // Never aborted: the agent ends a trainer that nobody needs.
    const { signal } = new AbortController();
    const nats = await openSession(environment, `trainer ${worker}`, { logger, signal });
    return new TrainerSession(environment, logger, nats);
  }

  private constructor(environment: WorkerEnvironment, logger: Logger, nats: NatsSession) {
    this.environment = environment;
    this.worker = environment.worker;
    this.logger = logger;
    this.nats = nats;
    this.objects = patientStore(nats.objects, logger);
    this.metrics = createMetrics();
    this.folder = new SnapshotFolder(SnapshotFolder.defaultRoot(environment.names.namespace, this.worker, process.env));
    void nats.connection.closed().then((reason) => this.leave(String(reason ?? 'closed')));
  }

  /** The prepared run of a document. */
  async prepared(key: string): Promise<PreparedRun> {
    const known = this.#prepared.get(key);
    if (known) return known;
    const prepared = JSON.parse(new TextDecoder().decode(await this.objects.get(key))) as PreparedRun;
    this.#prepared.set(key, prepared);
    return prepared;
  }

  /** A process that trains shows its metrics; a standby has none. */
  async serveMetrics(): Promise<void> {
    if (this.#metricsServed) return;
    this.#metricsServed = true;
    const { metrics, worker, environment } = this;
    await serveMetrics({ metrics, job: 'trainer', instance: worker, targetsDir: environment.targetsDir });
  }

  /** The client gives up where it is refused; a trainer that nobody hears must not stay. */
  leave(reason: string): void {
    this.logger.error({ reason }, 'the connection to NATS is gone');
    process.exit(serversGoneExitCode);
  }
}
