import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { SnapshotFolder, serveSnapshots } from '@tributary/checkpoints';
import {
  type Beacon,
  beaconIntervalMs,
  type DeviceDescription,
  type GenerationDocument,
  type Member,
  type MemberEnding,
  type RunId,
  type TrainerStatus,
  type WorkerId,
} from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { FakeSnapshots } from './fake-snapshots.js';
import { FakeTrainer, type FakeTrainerOptions } from './fake-trainer.js';

export interface FakeAgentOptions extends FakeTrainerOptions {
  readonly worker: string;
  readonly nats: { readonly servers: string; readonly user: string; readonly pass: string };
  readonly beaconMs?: number;
  readonly host?: string;
  readonly device?: Partial<DeviceDescription>;
}

/** A step that a trainer of an agent has done. */
export interface DoneStep {
  readonly generation: number;
  readonly step: number;
}

const device: DeviceDescription = {
  backend: 'cpu',
  backendVersion: 'none',
  device: 'cpu',
  model: 'fake',
  version: '0.1.0',
};

/**
 * An agent that speaks the whole protocol over its own NATS connection (beacons, documents, endings, records, checkpoint parts,
 * snapshots) and computes nothing: its trainer counts steps.
 */
export class FakeAgent extends EventEmitter {
  readonly worker: WorkerId;
  /** Where the next trainers finish. */
  targetSteps: number;
  readonly incarnation = randomUUID();
  readonly folder: SnapshotFolder;
  /** Every step that a trainer here has done, in order. */
  readonly done: DoneStep[] = [];
  /** Ending that the next trainers meet instead of training. */
  failure: Extract<MemberEnding, { outcome: 'failed' }> | null = null;
  /** Reason for which the next trainers die before their first step. */
  diesAtStart: string | null = null;
  readonly #options: FakeAgentOptions;
  readonly #nc: NatsConnection;
  readonly #endings: KV;
  readonly #confirmedDead: Record<string, number> = {};
  readonly #beacons: NodeJS.Timeout;
  #serving: ReturnType<typeof serveSnapshots> | null = null;
  #stopWatching: () => Promise<void> = async () => {};
  /** Work of earlier trainers and of served snapshots, which may still write. */
  readonly #closing: Promise<void>[] = [];
  #sequence = 0;
  #trainer: FakeTrainer | null = null;
  #silent = false;
  #draining = false;

  static async start(options: FakeAgentOptions): Promise<FakeAgent> {
    const nc = await connect({
      ...options.nats,
      name: options.worker,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    const kvm = new Kvm(nc);
    const generations = await kvm.open(options.names.generationsBucket);
    const folder = new SnapshotFolder(await mkdtemp(join(tmpdir(), 'fake-snapshots-')));
    const agent = new FakeAgent(options, nc, await kvm.open(options.names.endingsBucket), folder);
    const watch = await generations.watch();
    const obeying = (async () => {
      for await (const entry of watch)
        if (entry.operation === 'PUT') await agent.#obey(entry.json<GenerationDocument>());
    })();
    agent.#stopWatching = async () => {
      watch.stop();
      await obeying;
    };
    return agent;
  }

  private constructor(options: FakeAgentOptions, nc: NatsConnection, endings: KV, folder: SnapshotFolder) {
    super();
    this.setMaxListeners(100);
    this.worker = options.worker as WorkerId;
    this.targetSteps = options.targetSteps;
    this.folder = folder;
    this.#options = options;
    this.#nc = nc;
    this.#endings = endings;
    this.#serve();
    this.#beacons = setInterval(() => this.beacon(), options.beaconMs ?? beaconIntervalMs);
    this.beacon();
  }

  get trainer(): TrainerStatus | null {
    return this.#trainer?.status ?? null;
  }

  /** Resolves once a trainer here has done this many steps. */
  async reached(step: number): Promise<void> {
    while ((this.trainer?.step ?? -1) < step) await new Promise((resolve) => this.once('progress', resolve));
  }

  /** Resolves once a trainer here takes part in this generation or a later one, and trains. */
  async trains(generation: number): Promise<void> {
    const there = (): boolean => (this.trainer?.generation ?? 0) >= generation && this.trainer?.phase === 'training';
    while (!there()) await new Promise((resolve) => this.once('progress', resolve));
  }

  /** Lets this trainer and the next ones finish at a step. */
  finishAt(step: number): void {
    this.targetSteps = step;
    if (this.#trainer !== null) this.#trainer.targetSteps = step;
  }

  /** The trainer process ends without an ending, as after `kill -9`. */
  killTrainer(reason = 'killed by SIGKILL'): void {
    this.#trainer?.die(reason);
    this.beacon();
  }

  /** Stops beacons, snapshots and the trainer, as a machine that was cut off; `false` brings it back, without its trainer. */
  setSilent(silent: boolean): void {
    this.#silent = silent;
    if (!silent) {
      this.#serve();
      this.#end();
      return;
    }
    this.#stopServing();
    this.#trainer?.close();
  }

  /** As after SIGTERM: says that it leaves; its trainer goes on until its lanes have moved. */
  drain(): void {
    this.#draining = true;
    this.beacon();
  }

  async close(): Promise<void> {
    clearInterval(this.#beacons);
    await this.#stopWatching();
    this.#stopServing();
    await Promise.all([this.#trainer?.closed(), ...this.#closing]);
    await this.#nc.close();
    await rm(this.folder.root, { recursive: true, force: true });
  }

  beacon(): void {
    if (this.#silent || this.#nc.isClosed()) return;
    this.#sequence += 1;
    const beacon: Beacon = {
      worker: this.worker,
      sequence: this.#sequence,
      incarnation: this.incarnation,
      sentAtMs: Date.now(),
      host: this.#options.host ?? 'localhost',
      pid: process.pid,
      device: { ...device, ...this.#options.device },
      trainer: this.trainer,
      confirmedDead: { ...this.#confirmedDead },
      draining: this.#draining,
    };
    this.#nc.publish(this.#options.names.beacon(this.worker), JSON.stringify(beacon));
  }

  #serve(): void {
    const { worker, folder } = this;
    const logger = createLogger({ service: 'fake-agent', level: 'silent' });
    this.#serving ??= serveSnapshots({ connection: this.#nc, names: this.#options.names, worker, folder, logger });
  }

  #stopServing(): void {
    if (this.#serving !== null) this.#closing.push(this.#serving.close());
    this.#serving = null;
  }

  #end(): void {
    const trainer = this.#trainer;
    if (trainer === null) return;
    this.#closing.push(trainer.closed());
    this.#confirm(trainer.status.run, trainer.status.generation);
    this.#trainer = null;
    this.beacon();
  }

  #confirm(run: RunId, generation: number): void {
    this.#confirmedDead[run] = Math.max(this.#confirmedDead[run] ?? 0, generation);
  }

  async #obey(document: GenerationDocument): Promise<void> {
    const { run, generation } = document;
    const current = this.trainer;
    const mine = document.members.find((member) => member.worker === this.worker);
    if (current?.run === run && (current.generation < generation || document.state === 'closed')) this.#end();
    if (document.state === 'closed' || mine === undefined) {
      this.#confirm(run, generation);
      if (document.state === 'closed') await this.folder.drop(run);
      this.beacon();
      return;
    }
    if (this.#silent) return;
    if (this.#trainer !== null && this.trainer?.run === run && this.trainer.generation === generation) {
      this.#trainer.stop = document.stop;
      return;
    }
    if ((await this.#endings.get(`${run}.${generation}.${mine.member}`)) !== null) return;
    this.#confirm(run, generation - 1);
    this.#start(document, mine);
  }

  #start(document: GenerationDocument, mine: Member): void {
    const { names, objects } = this.#options;
    const { worker, folder } = this;
    const nc = this.#nc;
    let phase = '';
    const trainer = new FakeTrainer(
      document,
      mine,
      { ...this.#options, targetSteps: this.targetSteps },
      {
        nc,
        js: jetstream(nc),
        endings: this.#endings,
        snapshots: new FakeSnapshots(document, mine, { worker, nc, names, objects, folder }),
        progressed: () => {
          this.emit('progress');
          const now = this.trainer?.phase ?? '';
          if (now !== phase) this.beacon();
          phase = now;
        },
        stepped: (step) => this.done.push({ generation: document.generation, step }),
      },
    );
    this.#trainer = trainer;
    if (this.diesAtStart !== null) trainer.die(this.diesAtStart, true);
    else if (this.failure !== null) void trainer.finish(this.failure);
    else trainer.begin();
    this.beacon();
  }
}
