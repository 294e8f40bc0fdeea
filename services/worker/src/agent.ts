import type { GenerationDocument, SnapshotPart, TrainerStatus, WorkerId } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { TrainerFaults } from './fault-points.js';
import { TrainerSlot } from './trainer-slot.js';

export interface AgentDeps {
  readonly logger: Logger;
  /** Environment of its children. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether this member's ending of a generation is already written. */
  readonly hasEnding: (document: GenerationDocument, member: number) => Promise<boolean>;
  /** Whether a second trainer of a run is kept ready. */
  readonly standby: boolean;
  /** The trainer's status or the list of confirmed deaths has changed. */
  readonly onChange: () => void;
  /** The process of a trainer has ended. */
  readonly onTrainerGone?: (pid: number | undefined) => void;
  /** The trainer has written these parts of a snapshot; resolves when they are as safe as they can be. */
  readonly onSnapshot: (parts: readonly SnapshotPart[]) => Promise<void>;
}

const confirmedKept = 200;

/**
 * Obeys generation documents: directs this worker's trainer of a run to the newest one that names this worker, ends it with
 * the first that does not, and confirms deaths. One run at a time.
 */
export class Agent {
  readonly #worker: WorkerId;
  readonly #deps: AgentDeps;
  readonly #confirmedDead = new Map<string, number>();
  /** Highest generation of each run that this agent has acted on. */
  readonly #seen = new Map<string, number>();
  readonly #faults: TrainerFaults;
  #slot: TrainerSlot | null = null;
  /** A trainer that this process never had, lost with the agent before it. */
  #lost: TrainerStatus | null = null;
  #queue: Promise<void> = Promise.resolve();

  constructor(worker: WorkerId, deps: AgentDeps) {
    this.#worker = worker;
    this.#deps = deps;
    this.#faults = new TrainerFaults(deps.env.TRIBUTARY_TRAINER_FAULTS);
  }

  get trainer(): TrainerStatus | null {
    return this.#slot?.status ?? this.#lost;
  }

  get confirmedDead(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#confirmedDead);
  }

  /** @param known the document is older than this agent: its trainer, if any, died with the agent before. */
  obey(document: GenerationDocument, known: boolean): Promise<void> {
    this.#queue = this.#queue.then(() =>
      this.#obey(document, known).catch((error: unknown) => {
        this.#deps.logger.error(
          { error: String(error), run: document.run },
          'a generation document could not be obeyed',
        );
      }),
    );
    return this.#queue;
  }

  /** The run whose lanes are hosted here; null where there is none, or where this member has ended. */
  get hosting(): string | null {
    return this.#slot?.status?.run ?? null;
  }

  /** Ends the trainer, if any; for the agent's own end. */
  async close(): Promise<void> {
    await this.#queue;
    await this.#slot?.close();
  }

  async #obey(document: GenerationDocument, known: boolean): Promise<void> {
    const { run, generation, state } = document;
    const seen = this.#seen.get(run) ?? -1;
    if (generation < seen) return;
    const member = document.members.find(({ worker }) => worker === this.#worker);
    const current = this.#slot?.document.run === run ? this.#slot : null;
    if (this.#lost?.run === run && (generation > this.#lost.generation || state === 'closed')) {
      this.#confirm(run, this.#lost.generation);
      this.#lost = null;
    }
    this.#seen.set(run, generation);
    if (!member || state === 'closed') {
      if (current) await this.#end(current);
      this.#confirm(run, generation);
      return;
    }
    if (current) {
      if (current.document.generation === generation) current.stop(document);
      else current.direct(document, member.member);
      this.#deps.onChange();
      return;
    }
    if (generation === seen) return;
    if (known) {
      if (await this.#deps.hasEnding(document, member.member)) this.#confirm(run, generation);
      else this.#lose(document, member.member, 'the agent was restarted');
    } else if (this.#slot && !this.#slot.ended) {
      this.#lose(document, member.member, `worker ${this.#worker} still trains run ${this.#slot.document.run}`);
    } else {
      // A trainer that has ended keeps its libraries and graphs for its run, but not from another one.
      if (this.#slot) await this.#end(this.#slot);
      this.#host(document, member.member);
    }
    this.#deps.onChange();
  }

  #host(document: GenerationDocument, member: number): void {
    const { run } = document;
    const { logger, env, standby, onChange, onSnapshot, onTrainerGone } = this.#deps;
    this.#slot = new TrainerSlot(document, member, {
      ...{ logger, standby, onChange, onSnapshot },
      ...(onTrainerGone ? { onGone: onTrainerGone } : {}),
      env: () => ({ ...env, TRIBUTARY_TRAINER_FAULTS: this.#faults.next() }),
      onDead: (generation) => {
        this.#confirm(run, generation);
        onChange();
      },
    });
  }

  async #end(slot: TrainerSlot): Promise<void> {
    await slot.close();
    if (this.#slot === slot) this.#slot = null;
    this.#confirm(slot.document.run, slot.document.generation);
  }

  #lose(document: GenerationDocument, member: number, reason: string): void {
    const { run, attempt, generation, resume } = document;
    this.#lost = {
      run,
      attempt,
      generation,
      member,
      phase: 'starting',
      step: resume.step,
      progress: 0,
      died: { reason, crashed: false },
    };
  }

  #confirm(run: string, generation: number): void {
    const before = this.#confirmedDead.get(run) ?? -1;
    if (generation <= before) return;
    this.#confirmedDead.delete(run);
    this.#confirmedDead.set(run, generation);
    const oldest = this.#confirmedDead.keys().next().value;
    if (this.#confirmedDead.size > confirmedKept && oldest !== undefined) this.#confirmedDead.delete(oldest);
    this.#deps.onChange();
  }
}
