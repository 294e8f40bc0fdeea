import { natsTransport, type Transport } from '@tributary/collectives';
import {
  type GenerationDocument,
  type MemberEnding,
  type MemberEndingDocument,
  type StopRequest,
  TributaryError,
  toErrorDocument,
} from '@tributary/protocol';
import { untilThere } from '@tributary/service-runtime';
import type { Logger } from '@tributary/telemetry';
import { serverIsAway, Trainer } from '@tributary/trainer';
import { AgentSnapshots } from './agent-snapshots.js';
import { passTrainerFault } from './fault-points.js';
import type { FromTrainer } from './trainer-messages.js';
import type { TrainerSession } from './trainer-session.js';

const passFault = passTrainerFault(process.env.TRIBUTARY_TRAINER_FAULTS);

/** One generation in a trainer process: from its document to its ending, or until it is given up. */
export class MemberGeneration {
  readonly document: GenerationDocument;
  readonly #member: number;
  readonly #session: TrainerSession;
  readonly #tell: (message: FromTrainer) => void;
  readonly #snapshots: AgentSnapshots;
  readonly #logger: Logger;
  readonly #givingUp = new AbortController();
  #trainer: Trainer | null = null;
  #asked: StopRequest | null = null;
  #step: number;
  #done: Promise<void> = Promise.resolve();

  constructor(
    document: GenerationDocument,
    member: number,
    deps: { readonly session: TrainerSession; readonly tell: (message: FromTrainer) => void },
  ) {
    const { run, generation, resume } = document;
    this.document = document;
    this.#member = member;
    this.#session = deps.session;
    this.#tell = deps.tell;
    this.#step = resume.step;
    this.#logger = deps.session.logger.child({ run, generation });
    this.#snapshots = new AgentSnapshots(deps.session, generation, deps.tell);
  }

  /** Never throws: a failure is an ending. */
  begin(): void {
    this.#done = this.#run();
  }

  stop(request: StopRequest): void {
    this.#asked = request;
    this.#trainer?.stop(request);
  }

  snapshotKept(step: number): void {
    this.#snapshots.kept(step);
  }

  /** Resolves once nothing of it computes, sends or writes any more. */
  async giveUp(): Promise<void> {
    this.#givingUp.abort(
      new TributaryError('GENERATION_SUPERSEDED', `Generation ${this.document.generation} has a successor.`),
    );
    await this.#trainer?.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    let ending: MemberEnding;
    try {
      ending = await this.#train();
    } catch (error) {
      if (this.#givingUp.signal.aborted) return;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#logger.error({ error: text }, 'training failed');
      const { code, message } = toErrorDocument(error);
      // Not the run's fault: another generation may try.
      const failure = serverIsAway(error) ? 'SERVER_FAILED' : code;
      ending = { outcome: 'failed', step: this.#step, code: failure, reason: message };
    }
    await this.#finish(ending).catch((error: unknown) => {
      if (!this.#givingUp.signal.aborted) this.#session.leave(String(error));
    });
  }

  async #train(): Promise<MemberEnding> {
    const { document } = this;
    const { signal } = this.#givingUp;
    const { environment, nats, objects, metrics, compute } = this.#session;
    const { names, backend, device } = environment;
    const [transport, prepared] = await Promise.all([this.#transport(), this.#session.prepared(document.preparedKey)]);
    try {
      signal.throwIfAborted();
      const trainer = new Trainer(
        {
          ...{ document, member: this.#member, prepared, backend, device },
          recordsSubject: names.records(document.run),
          eventsSubject: names.events(document.run),
        },
        {
          ...{ transport, stream: nats.stream, objects, logger: this.#logger, metrics, compute },
          snapshots: this.#snapshots,
          onStatus: (status) => {
            this.#step = status.step;
            this.#tell({ kind: 'status', generation: document.generation, ...status });
          },
          pass: passFault,
        },
      );
      this.#trainer = trainer;
      if (this.#asked !== null) trainer.stop(this.#asked);
      return await trainer.run();
    } finally {
      this.#trainer = null;
      await transport.close();
    }
  }

  #transport(): Promise<Transport> {
    const { run, attempt, generation, members } = this.document;
    const { environment, worker } = this.#session;
    const { names, nats } = environment;
    return natsTransport({
      servers: nats.url,
      user: nats.user,
      pass: nats.password,
      name: `exchange ${worker}`,
      onState: (state) => {
        if (state.kind === 'refused') this.#session.leave(state.error.message);
        else if (state.kind === 'disconnected') this.#logger.warn(state, 'the exchange has no connection; trying on');
      },
      subject: names.exchange(run, attempt, generation),
      self: this.#member,
      size: members.length,
      signal: this.#givingUp.signal,
    });
  }

  /** An ending is worth any wait, but for that of a generation with a successor. */
  async #finish(ending: MemberEnding): Promise<void> {
    const { run, attempt, generation } = this.document;
    const { worker, nats } = this.#session;
    const written: MemberEndingDocument = { run, attempt, generation, member: this.#member, worker, ending };
    const key = `${run}.${generation}.${this.#member}`;
    await untilThere(() => nats.endings.put(key, JSON.stringify(written)), {
      what: 'the endings bucket',
      logger: this.#logger,
      signal: this.#givingUp.signal,
    });
    this.#tell({ kind: 'ended', generation, ending });
  }
}
