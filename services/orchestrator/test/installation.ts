import { EventEmitter, once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Client, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { natsStore } from '@tributary/checkpoints';
import { provisionJetStream } from '@tributary/devstack';
import {
  type GenerationDocument,
  type NatsNames,
  natsNames,
  type ObjectStore,
  type RunEvent,
  type RunId,
  type RunState,
} from '@tributary/protocol';
import { findRun, leaseQueue, openDatabase, type RunDatabase, type RunRow, startAttempt } from '@tributary/run-store';
import { createLogger, createMetrics } from '@tributary/telemetry';
import { temporaryDatabase, temporaryNamespace, testServers } from '@tributary/testing';
import type { trainingRun } from '@tributary/workflows';
import { vi } from 'vitest';
import { GenerationDocuments } from '../src/generation-documents.js';
import { requireWorkflowBundle } from '../src/locate-workflow-bundle.js';
import { type Orchestrator, type OrchestratorOptions, startOrchestrator } from '../src/orchestrator.js';
import { FakeAgent, type FakeAgentOptions } from './fake-agent.js';
import { startRecorder } from './in-test-recorder.js';
import { type MadeRun, makeRun } from './made-runs.js';
import { TcpRelay } from './tcp-relay.js';

export interface LaunchOptions extends MadeRun {
  readonly name: string;
  readonly generationsPerExecution?: number;
}

export type RunHandle = WorkflowHandleWithFirstExecutionRunId<typeof trainingRun>;

/** Real servers, an orchestrator or several, and agents that compute nothing. */
export class Installation {
  readonly namespace: string;
  readonly postgresUrl: string;
  readonly names: NatsNames;
  readonly nc: NatsConnection;
  readonly db: RunDatabase;
  readonly client: Client;
  readonly objects: ObjectStore;
  readonly documents: GenerationDocuments;
  readonly events: RunEvent[] = [];
  /** Between orchestrators and Postgres. */
  readonly postgres: TcpRelay;
  readonly #relayedUrl: string;
  readonly #arrivals = new EventEmitter().setMaxListeners(100);
  #stopRecorder: (() => Promise<void>) | null = null;
  readonly #temporal: NativeConnection;
  readonly #nats: FakeAgentOptions['nats'];
  readonly #ends: (() => Promise<unknown>)[] = [];

  private constructor(parts: {
    namespace: string;
    postgresUrl: string;
    nc: NatsConnection;
    db: RunDatabase;
    temporal: NativeConnection;
    objects: ObjectStore;
    documents: GenerationDocuments;
    nats: FakeAgentOptions['nats'];
    postgres: TcpRelay;
  }) {
    const url = new URL(parts.postgresUrl);
    url.host = `127.0.0.1:${parts.postgres.port}`;
    this.#relayedUrl = url.href;
    this.postgres = parts.postgres;
    this.namespace = parts.namespace;
    this.postgresUrl = parts.postgresUrl;
    this.names = natsNames(parts.namespace);
    this.nc = parts.nc;
    this.db = parts.db;
    this.objects = parts.objects;
    this.documents = parts.documents;
    this.client = new Client({ connection: parts.temporal });
    this.#temporal = parts.temporal;
    this.#nats = parts.nats;
  }

  static async open(): Promise<Installation> {
    const servers = await testServers();
    const namespace = temporaryNamespace();
    const names = natsNames(namespace);
    const database = await temporaryDatabase();
    const nats = { servers: servers.natsUrl, user: servers.natsUser, pass: servers.natsPassword };
    const nc = await connect(nats);
    await provisionJetStream(nc, namespace);
    const db = openDatabase(database.url);
    const { hostname, port } = new URL(database.url);
    const postgres = await TcpRelay.start({ host: hostname, port: Number(port) });
    const temporal = await NativeConnection.connect({ address: servers.temporalAddress });
    const objects = await natsStore(nc, names.objectsBucket);
    const documents = new GenerationDocuments(await new Kvm(nc).open(names.generationsBucket));
    const installation = new Installation({
      namespace,
      postgresUrl: database.url,
      nc,
      db,
      temporal,
      objects,
      documents,
      nats,
      postgres,
    });
    installation.#stopRecorder = await startRecorder(nc, names, db, objects);
    nc.subscribe(names.events('*'), {
      callback: (_error, message) => {
        installation.events.push(message.json<RunEvent>());
        installation.#arrivals.emit('event');
      },
    });
    installation.#ends.push(
      () => installation.stopRecorder(),
      () => temporal.close(),
      () => nc.close(),
      () => db.destroy(),
      () => postgres.close(),
      () => database.drop(),
    );
    return installation;
  }

  async stopRecorder(): Promise<void> {
    const stop = this.#stopRecorder;
    this.#stopRecorder = null;
    await stop?.();
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end();
  }

  /** A database pool whose traffic the test may hold back. */
  openRelayed(): RunDatabase {
    const db = openDatabase(this.#relayedUrl);
    this.#ends.unshift(() => db.destroy());
    return db;
  }

  async orchestrate(options: Partial<OrchestratorOptions> = {}, metrics = createMetrics()): Promise<Orchestrator> {
    const db = this.openRelayed();
    const orchestrator = await startOrchestrator(
      { namespace: this.namespace, workflowBundle: await requireWorkflowBundle(), ...options },
      {
        db,
        nc: this.nc,
        temporal: this.#temporal,
        objects: this.objects,
        metrics,
        log: createLogger({ service: 'orchestrator', level: process.env.TRIBUTARY_TEST_LOG ? 'debug' : 'silent' }),
      },
    );
    this.#ends.unshift(() => orchestrator.stop());
    return orchestrator;
  }

  async agent(worker: string, options: Partial<FakeAgentOptions> = {}): Promise<FakeAgent> {
    const agent = await FakeAgent.start({
      worker,
      names: this.names,
      nats: this.#nats,
      objects: this.objects,
      targetSteps: 20,
      checkpointEvery: 5,
      snapshotEvery: 4,
      stepMs: 10,
      ...options,
    });
    this.#ends.unshift(() => agent.close());
    return agent;
  }

  /** Records a run and its data, and starts nothing. */
  async create({ name, ...options }: LaunchOptions): Promise<RunId> {
    const run = `${name}-${this.namespace.slice(-8)}` as RunId;
    await makeRun(this.db, this.objects, run, options);
    return run;
  }

  async launch(options: LaunchOptions): Promise<{ run: RunId; handle: RunHandle }> {
    const run = await this.create(options);
    return { run, handle: await this.#startAttempt(run, options.generationsPerExecution) };
  }

  /** Resolves once a condition of the servers holds. */
  async until(condition: () => Promise<boolean>): Promise<void> {
    await vi.waitUntil(condition, { timeout: 30_000, interval: 25 });
  }

  async resume(run: RunId): Promise<RunHandle> {
    return await this.#startAttempt(run);
  }

  async #startAttempt(run: RunId, generationsPerExecution?: number): Promise<RunHandle> {
    const attempt = await startAttempt(this.db, run);
    return await this.client.workflow.start<typeof trainingRun>('trainingRun', {
      workflowId: run,
      taskQueue: this.namespace,
      args: [{ run, attempt, generationsPerExecution }],
    });
  }

  /** Keeps a run's history as a fixture of the replay test, when asked to by TRIBUTARY_RECORD_HISTORIES=1. */
  async keepHistory(name: string, run: RunId): Promise<void> {
    if (process.env.TRIBUTARY_RECORD_HISTORIES !== '1') return;
    const history = await this.client.workflow.getHandle(run).fetchHistory();
    const folder = new URL('../../../packages/workflows/fixtures/', import.meta.url);
    await mkdir(folder, { recursive: true });
    // Where it was recorded is nobody's business.
    const text = historyToJSON(history)
      .replace(/"identity": "[^"]*"/g, '"identity": "recorded"')
      .replace(/"name": "\d+@[^"]*"/g, '"name": "recorded"')
      .replace(/"stackTrace": "(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
    await writeFile(new URL(`${name}.json`, folder), `${text}\n`);
  }

  async historyLength(run: RunId): Promise<number> {
    return (await this.client.workflow.getHandle(run).describe()).historyLength;
  }

  async row(run: RunId): Promise<RunRow> {
    const row = await findRun(this.db, run);
    if (row === null) throw new Error(`no run ${run}`);
    return row;
  }

  /** Runs that wait for slots, first in the queue first. */
  async queue(): Promise<string[]> {
    return (await leaseQueue(this.db)).map(({ run }) => run);
  }

  async document(run: RunId): Promise<GenerationDocument> {
    const stored = await this.documents.read(run);
    if (stored === null) throw new Error(`no document of ${run}`);
    return stored.document;
  }

  /** Keys of the endings that the bucket holds of a run. */
  async endingsOf(run: RunId): Promise<string[]> {
    const keys: string[] = [];
    const bucket = await new Kvm(this.nc).open(this.names.endingsBucket);
    for await (const key of await bucket.keys(`${run}.>`)) keys.push(key);
    return keys;
  }

  /** Resolves at the n-th `state` event of this kind that the run has had or has next. */
  async stateEvent(run: RunId, state: RunState, nth = 1): Promise<Extract<RunEvent, { kind: 'state' }>> {
    for (;;) {
      const seen = this.events.filter(
        (event): event is Extract<RunEvent, { kind: 'state' }> =>
          event.kind === 'state' && event.run === run && event.state === state,
      );
      const event = seen[nth - 1];
      if (event !== undefined) return event;
      await once(this.#arrivals, 'event');
    }
  }
}

/** Once in each test process, before the first Temporal worker. */
export function quietTemporal(): void {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
}
