import type { GenerationDocument, SnapshotPart, TrainerStatus } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { StandbyTrainer } from './standby-trainer.js';
import type { FromTrainer } from './trainer-messages.js';
import { TrainerProcess } from './trainer-process.js';

/** A trainer that does not begin a new generation within this is killed, and another takes its place. */
const obeyLimitMs = 10_000;
/** One that has been silent for so long when a new generation comes is not asked first. */
const silenceLimitMs = 5_000;

export interface TrainerSlotDeps {
  readonly logger: Logger;
  /** Environment of the next trainer process. */
  readonly env: () => NodeJS.ProcessEnv;
  /** Whether a second trainer of the run is kept ready. */
  readonly standby: boolean;
  /** The phase has changed, or the first step is done. */
  readonly onChange: () => void;
  /** The process of a trainer has ended. */
  readonly onGone?: (pid: number | undefined) => void;
  /** Nothing of this generation, nor of any before it, is alive here any more. */
  readonly onDead: (generation: number) => void;
  /** The trainer has written these parts; resolves when they are as safe as they can be. */
  readonly onSnapshot: (parts: readonly SnapshotPart[]) => Promise<void>;
  readonly obeyLimitMs?: number;
}

/** This worker's part in a run: its trainer, directed from generation to generation, and a standby for when that dies. */
export class TrainerSlot {
  readonly #deps: TrainerSlotDeps;
  readonly #standby: StandbyTrainer;
  #document: GenerationDocument;
  #member: number;
  #status: TrainerStatus;
  #trainer: TrainerProcess | null = null;
  #ended = false;
  #closing = false;
  #obeyTimer: NodeJS.Timeout | null = null;

  constructor(document: GenerationDocument, member: number, deps: TrainerSlotDeps) {
    this.#deps = deps;
    this.#document = document;
    this.#member = member;
    this.#standby = new StandbyTrainer(deps);
    this.#status = startingStatus(document, member);
    this.#begin();
  }

  get document(): GenerationDocument {
    return this.#document;
  }

  /** Null once this member has ended. */
  get status(): TrainerStatus | null {
    if (this.#ended) return null;
    return { ...this.#status, silentMs: this.#trainer?.silentMs ?? 0 };
  }

  /** The trainer has written its ending, and waits for another generation. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Directs it to a newer generation. */
  direct(document: GenerationDocument, member: number): void {
    this.#document = document;
    this.#member = member;
    this.#status = startingStatus(document, member);
    this.#ended = false;
    this.#begin();
  }

  stop({ stop, generation }: GenerationDocument): void {
    if (stop) this.#trainer?.send({ kind: 'stop', generation, request: stop });
  }

  /** Ends both processes at once and waits until they are gone. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#clearObeyTimer();
    await Promise.all([this.#trainer?.kill(), this.#standby.close()]);
  }

  #begin(): void {
    this.#clearObeyTimer();
    const trainer = this.#trainer;
    if (!trainer || trainer.gone) {
      this.#replace();
      return;
    }
    if (trainer.silentMs > silenceLimitMs) {
      this.#abandon(trainer, `was silent for ${trainer.silentMs} ms`);
      return;
    }
    trainer.start(this.#document, this.#member);
    // One that has begun none yet still loads its libraries: its phase has a limit of its own.
    if (trainer.began === null) return;
    const { generation } = this.#document;
    const limitMs = this.#deps.obeyLimitMs ?? obeyLimitMs;
    this.#obeyTimer = setTimeout(() => {
      this.#abandon(trainer, `did not begin generation ${generation} within ${limitMs} ms`);
    }, limitMs);
  }

  /** The trainer cannot be had for this generation: another takes its place once it is gone. */
  #abandon(trainer: TrainerProcess, why: string): void {
    const { run, generation } = this.#document;
    this.#deps.logger.warn({ run, generation, pid: trainer.pid }, `the trainer ${why}; another takes its place`);
    this.#trainer = null;
    trainer
      .kill()
      .then(() => {
        this.#deps.onDead(this.#document.generation - 1);
        this.#replace();
      })
      .catch((error: unknown) => this.#deps.logger.error({ error: String(error) }, 'a trainer could not be replaced'));
  }

  /** The standby, or else a new process, takes up the current generation. */
  #replace(): void {
    if (this.#closing || this.#trainer?.gone === false) return;
    const { run, generation } = this.#document;
    const standby = this.#standby.take();
    this.#deps.logger.info({ run, generation, standby: standby !== null }, 'starting a trainer');
    const trainer = standby ?? new TrainerProcess(this.#deps.env());
    trainer.onMessage = (message) => this.#hear(trainer, message);
    this.#trainer = trainer;
    trainer.start(this.#document, this.#member);
    trainer.exited
      .then(({ reason, crashed }) => {
        this.#deps.onGone?.(trainer.pid);
        if (this.#trainer === trainer) this.#clearObeyTimer();
        if (this.#closing || this.#trainer !== trainer) return;
        this.#deps.onDead(this.#document.generation);
        this.#died(reason, crashed);
      })
      .catch(() => undefined);
  }

  #died(reason: string, crashed: boolean): void {
    if (this.#ended) return;
    const { run, generation } = this.#document;
    this.#deps.logger.error({ run, generation, reason, crashed }, 'the trainer died');
    this.#status = { ...this.#status, died: { reason: `the trainer ${reason} at step ${this.#status.step}`, crashed } };
    this.#deps.onChange();
  }

  #hear(trainer: TrainerProcess, message: FromTrainer): void {
    if (trainer !== this.#trainer || !('generation' in message)) return;
    const { generation } = this.#document;
    // What it says of a generation that it has left counts for nothing.
    if (message.generation !== generation) return;
    switch (message.kind) {
      case 'began':
        this.#clearObeyTimer();
        this.#deps.onDead(generation - 1);
        return;
      case 'ended':
        this.#ended = true;
        this.#deps.onDead(generation);
        return;
      case 'snapshot': {
        const { step } = message;
        this.#deps
          .onSnapshot(message.parts)
          .then(() => trainer.send({ kind: 'snapshot-kept', generation, step }))
          .catch((error: unknown) =>
            this.#deps.logger.error({ generation, step, error: String(error) }, 'a snapshot could not be kept'),
          );
        return;
      }
      case 'status': {
        const { phase, step, awaiting, snapshot } = message;
        const before = this.#status;
        this.#status = { ...before, phase, step, awaiting, snapshot, progress: before.progress + 1 };
        const firstStep = before.step === this.#document.resume.step && step > before.step;
        if (this.#deps.standby && step > this.#document.resume.step) this.#standby.ready(this.#document, this.#member);
        if (phase !== before.phase || firstStep) this.#deps.onChange();
      }
    }
  }

  #clearObeyTimer(): void {
    if (this.#obeyTimer) clearTimeout(this.#obeyTimer);
    this.#obeyTimer = null;
  }
}

function startingStatus({ run, attempt, generation, resume }: GenerationDocument, member: number): TrainerStatus {
  return { run, attempt, generation, member, phase: 'starting', step: resume.step, progress: 0, died: null };
}
