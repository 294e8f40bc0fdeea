import type { JetStreamClient } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { encodePart } from '@tributary/checkpoints';
import {
  checkpointPartKey,
  type GenerationDocument,
  type Member,
  type MemberEnding,
  type NatsNames,
  type ObjectStore,
  type RunRecord,
  type StopRequest,
  type TrainerStatus,
} from '@tributary/protocol';
import type { FakeSnapshots } from './fake-snapshots.js';

export interface FakeTrainerOptions {
  readonly names: NatsNames;
  readonly objects: ObjectStore;
  readonly targetSteps: number;
  readonly checkpointEvery: number;
  readonly snapshotEvery: number;
  readonly stepMs: number;
}

export interface FakeTrainerDeps {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly endings: KV;
  readonly snapshots: FakeSnapshots;
  readonly progressed: () => void;
  /** A step has been done. */
  readonly stepped: (step: number) => void;
}

interface Tick {
  readonly step: number;
  readonly end: Exclude<MemberEnding['outcome'], 'failed'> | null;
}

const endingOf: Readonly<Record<StopRequest, Exclude<MemberEnding['outcome'], 'failed' | 'finished'>>> = {
  cancel: 'cancelled',
  pause: 'paused',
  'hand-over': 'handed-over',
};

/** Counts steps: one is done when all members are ready for it. Member 0 leads. */
export class FakeTrainer {
  status: TrainerStatus;
  stop: StopRequest | null;
  targetSteps: number;
  readonly #document: GenerationDocument;
  readonly #options: FakeTrainerOptions;
  readonly #deps: FakeTrainerDeps;
  readonly #ready = new Map<number, number>();
  readonly #ended = new AbortController();
  #subscription: Subscription | null = null;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(document: GenerationDocument, mine: Member, options: FakeTrainerOptions, deps: FakeTrainerDeps) {
    this.#document = document;
    this.#options = options;
    this.#deps = deps;
    this.stop = document.stop;
    this.targetSteps = options.targetSteps;
    const { run, attempt, generation, resume } = document;
    const { member } = mine;
    this.status = { run, attempt, generation, member, phase: 'starting', step: resume.step, progress: 0, died: null };
  }

  begin(): void {
    this.#working = this.#begin();
  }

  async #begin(): Promise<void> {
    const { run, attempt, generation, members, resume } = this.#document;
    const subject = this.#options.names.exchange(run, attempt, generation);
    const { member } = this.status;
    this.#change({ phase: 'restoring' });
    try {
      await this.#deps.snapshots.restore(this.#ended.signal);
      if (resume.step > 0) await this.#snapshot(resume.step);
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      await this.finish({ outcome: 'failed', step: resume.step, code: 'SNAPSHOT_LOST', reason: String(error) });
      return;
    }
    if (this.#ended.signal.aborted) return;
    this.#subscription = this.#deps.nc.subscribe(`${subject}.>`, {
      callback: (_error, message) => {
        if (message.subject.endsWith('.tick'))
          this.#working = this.#working.then(() => this.#take(message.json<Tick>()));
        else this.#ready.set(Number(message.subject.split('.').at(-1)), message.json<number>());
      },
    });
    this.#change({ phase: 'training' });
    this.#timer = setInterval(() => {
      this.#deps.nc.publish(`${subject}.ready.${member}`, JSON.stringify(this.status.step));
      if (member !== 0) return;
      const { step } = this.status;
      if (members.some((each) => this.#ready.get(each.member) !== step)) return;
      const last = step >= this.targetSteps;
      const end = this.stop === null ? null : endingOf[this.stop];
      const tick: Tick = last ? { step, end: 'finished' } : { step: step + 1, end };
      this.#deps.nc.publish(`${subject}.tick`, JSON.stringify(tick));
    }, this.#options.stepMs);
  }

  async #take(tick: Tick): Promise<void> {
    const { signal } = this.#ended;
    if (signal.aborted || tick.step < this.status.step || tick.step > this.status.step + 1) return;
    const advanced = tick.step > this.status.step;
    if (!advanced && tick.end === null) return;
    this.#change({ step: tick.step });
    if (advanced) this.#deps.stepped(tick.step);
    const { checkpointEvery, snapshotEvery } = this.#options;
    // The leader may have told the same step twice, the second time with its end.
    const alone = this.#document.members[this.status.member]?.buddy == null;
    const stops = tick.end !== null && (tick.end !== 'handed-over' || alone);
    const kept = tick.step % checkpointEvery === 0 || tick.step === this.targetSteps;
    if (advanced ? kept || stops : stops && !kept) await this.#checkpoint(tick.step);
    const due = tick.step % snapshotEvery === 0;
    const hands = tick.end === 'handed-over';
    if (advanced ? due || hands : hands && !due) await this.#snapshot(tick.step);
    if (tick.end !== null && !signal.aborted) await this.finish({ outcome: tick.end, step: tick.step, reason: null });
  }

  async #snapshot(step: number): Promise<void> {
    const sharedHash = await this.#deps.snapshots.take(step, this.#ended.signal);
    this.#change({ snapshot: { step, sharedHash } });
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
    await this.#record({ kind: 'checkpoint-part', run, attempt, generation, member, part });
  }

  /** Publishes the last record, then the ending. */
  async finish(ending: MemberEnding): Promise<void> {
    const { run, attempt, generation, member } = this.status;
    const { worker } = this.#document.members[member] as Member;
    this.close();
    const { outcome, step } = ending;
    await this.#record({ kind: 'member-end', run, attempt, generation, member, step, outcome });
    const document = { run, attempt, generation, member, worker, ending };
    await this.#deps.endings.put(`${run}.${generation}.${member}`, JSON.stringify(document));
    this.#change({ phase: 'ending' });
  }

  async #record(record: RunRecord): Promise<void> {
    await this.#deps.js.publish(this.#options.names.records(record.run), JSON.stringify(record));
  }

  #change(change: Partial<TrainerStatus>): void {
    this.status = { ...this.status, ...change, progress: this.status.progress + 1 };
    this.#deps.progressed();
  }

  die(reason: string, crashed = false): void {
    this.close();
    this.#change({ died: { reason, crashed } });
  }

  /** Resolves once nothing that was under way goes on. */
  async closed(): Promise<void> {
    this.close();
    await this.#working.catch(() => undefined);
  }

  close(): void {
    this.#ended.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#subscription?.unsubscribe();
  }
}
