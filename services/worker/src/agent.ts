import type { GenerationDocument, TrainerStatus, WorkerId } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { TrainerSlot } from './trainer-slot.js';

export interface AgentDeps {
  readonly logger: Logger;
  /** Environment of its children. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether this member's ending of a generation is already written. */
  readonly hasEnding: (document: GenerationDocument, member: number) => Promise<boolean>;
  /** The trainer's status or the list of confirmed deaths has changed. */
  readonly onChange: () => void;
}

const confirmedKept = 200;

/**
 * Obeys generation documents: hosts the trainer that the newest document of a run gives to this worker, ends every older
 * one first, and confirms deaths. One trainer at a time.
 */
export class Agent {
  readonly #worker: WorkerId;
  readonly #deps: AgentDeps;
  readonly #confirmedDead = new Map<string, number>();
  /** Highest generation of each run that this agent has acted on. */
  readonly #seen = new Map<string, number>();
  #slot: TrainerSlot | null = null;
  /** A trainer that this process never had, lost with the agent before it. */
  #lost: TrainerStatus | null = null;
  #queue: Promise<void> = Promise.resolve();

  constructor(worker: WorkerId, deps: AgentDeps) {
    this.#worker = worker;
    this.#deps = deps;
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

  /** Ends the trainer, if any; for the agent's own end. */
  async close(): Promise<void> {
    await this.#queue;
    await this.#slot?.kill();
  }

  async #obey(document: GenerationDocument, known: boolean): Promise<void> {
    const { run, generation, state } = document;
    const seen = this.#seen.get(run) ?? -1;
    if (generation < seen) return;
    const member = document.members.find(({ worker }) => worker === this.#worker);
    const current = this.#slot?.document.run === run ? this.#slot : null;
    if (current && (generation > current.document.generation || state === 'closed')) await this.#end(current);
    if (this.#lost?.run === run && (generation > this.#lost.generation || state === 'closed')) {
      this.#confirm(run, this.#lost.generation);
      this.#lost = null;
    }
    this.#seen.set(run, generation);
    if (!member || state === 'closed') {
      this.#confirm(run, generation);
      return;
    }
    if (this.#slot?.document.run === run && this.#slot.document.generation === generation) {
      this.#slot.stop(document);
      return;
    }
    if (generation === seen) return;
    if (known) {
      if (await this.#deps.hasEnding(document, member.member)) this.#confirm(run, generation);
      else this.#lose(document, member.member, 'the agent was restarted');
    } else if (this.#slot) {
      this.#lose(document, member.member, `worker ${this.#worker} still trains run ${this.#slot.document.run}`);
    } else {
      this.#start(document, member.member);
    }
    this.#deps.onChange();
  }

  #start(document: GenerationDocument, member: number): void {
    const { run, generation } = document;
    this.#deps.logger.info({ run, generation, member }, 'starting a trainer');
    const slot = new TrainerSlot(document, member, {
      logger: this.#deps.logger,
      env: this.#deps.env,
      onChange: () => this.#deps.onChange(),
    });
    this.#slot = slot;
    slot.exited
      .then(() => {
        this.#confirm(run, generation);
        if (slot.ended && this.#slot === slot) this.#slot = null;
        this.#deps.onChange();
      })
      .catch(() => undefined);
  }

  async #end(slot: TrainerSlot): Promise<void> {
    await slot.kill();
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
      died: { reason },
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
