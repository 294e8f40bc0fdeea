import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { encodePart } from '@tributary/checkpoints';
import {
  type Beacon,
  checkpointPartKey,
  type GenerationDocument,
  type MemberEnding,
  type NatsNames,
  type ObjectStore,
  type RunRecord,
  type TrainerStatus,
  type WorkerId,
} from '@tributary/protocol';

export interface FakeAgentOptions {
  readonly worker: string;
  readonly names: NatsNames;
  readonly nats: { readonly servers: string; readonly user: string; readonly pass: string };
  readonly objects: ObjectStore;
  readonly targetSteps: number;
  readonly checkpointEvery: number;
  readonly stepMs: number;
  readonly beaconMs?: number;
}

interface Tick {
  readonly step: number;
  readonly end: MemberEnding['outcome'] | null;
}

/**
 * An agent that speaks the whole protocol over its own NATS connection (beacons, documents, endings, records, checkpoint
 * parts) and computes nothing: its trainer counts steps. Member 0 leads: a step is done when all members are ready for it.
 */
export class FakeAgent extends EventEmitter {
  readonly worker: WorkerId;
  /** Where the next trainers finish. */
  targetSteps: number;
  readonly incarnation = randomUUID();
  readonly #options: FakeAgentOptions;
  readonly #nc: NatsConnection;
  readonly #js: JetStreamClient;
  readonly #endings: KV;
  readonly #confirmedDead: Record<string, number> = {};
  readonly #beacons: NodeJS.Timeout;
  #sequence = 0;
  #trainer: FakeTrainer | null = null;
  #silent = false;
  /** Ending that the next trainers meet instead of training. */
  failure: Extract<MemberEnding, { outcome: 'failed' }> | null = null;
  /** Reason for which the next trainers die before their first step. */
  diesAtStart: string | null = null;

  static async start(options: FakeAgentOptions): Promise<FakeAgent> {
    const nc = await connect({
      ...options.nats,
      name: options.worker,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    const kvm = new Kvm(nc);
    const generations = await kvm.open(options.names.generationsBucket);
    const agent = new FakeAgent(options, nc, await kvm.open(options.names.endingsBucket));
    const watch = await generations.watch();
    void (async () => {
      for await (const entry of watch)
        if (entry.operation === 'PUT') await agent.#obey(entry.json<GenerationDocument>());
    })();
    return agent;
  }

  private constructor(options: FakeAgentOptions, nc: NatsConnection, endings: KV) {
    super();
    this.setMaxListeners(100);
    this.worker = options.worker as WorkerId;
    this.targetSteps = options.targetSteps;
    this.#options = options;
    this.#nc = nc;
    this.#js = jetstream(nc);
    this.#endings = endings;
    this.#beacons = setInterval(() => this.beacon(), options.beaconMs ?? 250);
    this.beacon();
  }

  get trainer(): TrainerStatus | null {
    return this.#trainer?.status ?? null;
  }

  /** Resolves once a trainer here has done this many steps. */
  async reached(step: number): Promise<void> {
    while ((this.trainer?.step ?? -1) < step) await new Promise((resolve) => this.once('progress', resolve));
  }

  /** The trainer process ends without an ending, as after `kill -9`. */
  killTrainer(reason = 'killed by SIGKILL'): void {
    this.#trainer?.die(reason);
    this.beacon();
  }

  /** Stops beacons and the trainer, as a machine that was cut off; `false` brings it back, without its trainer. */
  setSilent(silent: boolean): void {
    this.#silent = silent;
    if (silent) this.#trainer?.close();
    else if (this.#trainer !== null) this.#end();
  }

  async close(): Promise<void> {
    clearInterval(this.#beacons);
    this.#trainer?.close();
    await this.#nc.close();
  }

  beacon(): void {
    if (this.#silent || this.#nc.isClosed()) return;
    this.#sequence += 1;
    const beacon: Beacon = {
      worker: this.worker,
      sequence: this.#sequence,
      incarnation: this.incarnation,
      sentAtMs: Date.now(),
      host: 'localhost',
      pid: process.pid,
      device: { backend: 'cpu', backendVersion: 'none', device: 'cpu', model: 'fake', version: '0.1.0' },
      trainer: this.trainer,
      confirmedDead: { ...this.#confirmedDead },
      draining: false,
    };
    this.#nc.publish(this.#options.names.beacon(this.worker), JSON.stringify(beacon));
  }

  #end(): void {
    const trainer = this.#trainer;
    if (trainer === null) return;
    trainer.close();
    this.#confirmedDead[trainer.status.run] = trainer.status.generation;
    this.#trainer = null;
    this.beacon();
  }

  async #obey(document: GenerationDocument): Promise<void> {
    const { run, generation } = document;
    const current = this.trainer;
    const mine = document.members.find((member) => member.worker === this.worker);
    if (current?.run === run && (current.generation < generation || document.state === 'closed')) this.#end();
    if (document.state === 'closed' && mine !== undefined) {
      this.#confirmedDead[run] = Math.max(this.#confirmedDead[run] ?? 0, generation);
      this.beacon();
    }
    if (document.state === 'closed' || mine === undefined || this.#silent) return;
    if (this.#trainer !== null && this.trainer?.run === run && this.trainer.generation === generation) {
      this.#trainer.stop = document.stop;
      return;
    }
    if ((await this.#endings.get(`${run}.${generation}.${mine.member}`)) !== null) return;
    this.#confirmedDead[run] = Math.max(this.#confirmedDead[run] ?? 0, generation - 1);
    this.#trainer = new FakeTrainer(
      document,
      mine.member,
      { ...this.#options, targetSteps: this.targetSteps },
      this.#nc,
      this.#js,
      this.#endings,
      () => {
        this.emit('progress');
      },
    );
    if (this.diesAtStart !== null) this.#trainer.die(this.diesAtStart);
    else if (this.failure !== null) await this.#trainer.finish(this.failure);
    else this.#trainer.begin();
    this.beacon();
  }
}

class FakeTrainer {
  status: TrainerStatus;
  stop: GenerationDocument['stop'];
  readonly #document: GenerationDocument;
  readonly #options: FakeAgentOptions;
  readonly #nc: NatsConnection;
  readonly #js: JetStreamClient;
  readonly #endings: KV;
  readonly #progressed: () => void;
  readonly #ready = new Map<number, number>();
  #subscription: Subscription | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #working: Promise<void> = Promise.resolve();

  constructor(
    document: GenerationDocument,
    member: number,
    options: FakeAgentOptions,
    nc: NatsConnection,
    js: JetStreamClient,
    endings: KV,
    progressed: () => void,
  ) {
    this.#document = document;
    this.#options = options;
    this.#nc = nc;
    this.#js = js;
    this.#endings = endings;
    this.#progressed = progressed;
    this.stop = document.stop;
    const { run, attempt, generation, resume } = document;
    this.status = { run, attempt, generation, member, phase: 'starting', step: resume.step, progress: 0, died: null };
  }

  begin(): void {
    const { run, attempt, generation, members } = this.#document;
    const subject = this.#options.names.exchange(run, attempt, generation);
    const { member } = this.status;
    this.#subscription = this.#nc.subscribe(`${subject}.>`, {
      callback: (_error, message) => {
        if (message.subject.endsWith('.tick'))
          this.#working = this.#working.then(() => this.#take(message.json<Tick>()));
        else this.#ready.set(Number(message.subject.split('.').at(-1)), message.json<number>());
      },
    });
    this.status = { ...this.status, phase: 'training' };
    this.#timer = setInterval(() => {
      this.#nc.publish(`${subject}.ready.${member}`, JSON.stringify(this.status.step));
      if (member !== 0) return;
      const { step } = this.status;
      if (members.some((each) => this.#ready.get(each.member) !== step)) return;
      const last = step >= this.#options.targetSteps;
      const stopping = this.stop === null ? null : this.stop === 'cancel' ? 'cancelled' : 'paused';
      const tick: Tick = last ? { step, end: 'finished' } : { step: step + 1, end: stopping };
      this.#nc.publish(`${subject}.tick`, JSON.stringify(tick));
    }, this.#options.stepMs);
  }

  async #take(tick: Tick): Promise<void> {
    if (this.#closed || tick.step < this.status.step || tick.step > this.status.step + 1) return;
    const advanced = tick.step > this.status.step;
    if (!advanced && tick.end === null) return;
    this.status = { ...this.status, step: tick.step, progress: this.status.progress + 1 };
    const { checkpointEvery, targetSteps } = this.#options;
    const due = tick.step % checkpointEvery === 0 || tick.step === targetSteps || tick.end !== null;
    if (advanced && due) await this.#checkpoint(tick.step);
    this.#progressed();
    if (tick.end !== null && tick.end !== 'failed')
      await this.finish({ outcome: tick.end, step: tick.step, reason: null });
  }

  async #checkpoint(step: number): Promise<void> {
    const { run, attempt, generation, member } = this.status;
    if (member !== 0) return;
    const { bytes, ...encoded } = encodePart({
      tensors: { w: { shape: [1], data: Float32Array.of(step) } },
      metadata: {},
    });
    const key = checkpointPartKey(run, step, generation, 'shared');
    await this.#options.objects.put(key, bytes);
    const part = { run, attempt, generation, step, part: 'shared', parts: ['shared'], key, ...encoded };
    await this.#record({
      kind: 'checkpoint-part',
      run,
      attempt,
      generation,
      member,
      part,
    });
  }

  /** Publishes the last record, then the ending. */
  async finish(ending: MemberEnding): Promise<void> {
    const { run, attempt, generation, member } = this.status;
    this.close();
    await this.#record({
      kind: 'member-end',
      run,
      attempt,
      generation,
      member,
      step: ending.step,
      outcome: ending.outcome,
    });
    const document = { run, attempt, generation, member, worker: this.#options.worker, ending };
    await this.#endings.put(`${run}.${generation}.${member}`, JSON.stringify(document));
    this.status = { ...this.status, phase: 'ending' };
    this.#progressed();
  }

  async #record(record: RunRecord): Promise<void> {
    await this.#js.publish(this.#options.names.records(record.run), JSON.stringify(record));
  }

  die(reason: string): void {
    this.close();
    this.status = { ...this.status, died: { reason } };
    this.#progressed();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#subscription?.unsubscribe();
  }
}
