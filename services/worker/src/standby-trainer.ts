import type { GenerationDocument } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { TrainerProcess } from './trainer-process.js';

/** A second trainer of a run, with libraries, data and compiled graphs ready, for when the first one dies. */
export class StandbyTrainer {
  readonly #logger: Logger;
  readonly #env: () => NodeJS.ProcessEnv;
  #process: TrainerProcess | null = null;
  /** What it was last asked to make ready. */
  #lanes = '';
  #generation = -1;
  #closed = false;

  constructor(deps: { readonly logger: Logger; readonly env: () => NodeJS.ProcessEnv }) {
    this.#logger = deps.logger;
    this.#env = deps.env;
  }

  /**
   * Makes one ready for the lanes of this member. One that has died by itself is started again with the next generation, not
   * before: it might die of the same cause for ever.
   */
  ready(document: GenerationDocument, member: number): void {
    // What a trainer still says while it is ended must not bring another to life.
    if (this.#closed || document.generation === this.#generation) return;
    this.#generation = document.generation;
    const lanes = JSON.stringify([
      document.preparedKey,
      document.members.find((candidate) => candidate.member === member)?.lanes,
    ]);
    if (this.#process && !this.#process.gone) {
      if (lanes === this.#lanes) return;
    } else this.#process = this.#start(document);
    this.#lanes = lanes;
    this.#process.prepare(document, member);
  }

  /** Gives it away, if there is one. */
  take(): TrainerProcess | null {
    const taken = this.#process;
    this.#process = null;
    // The next one is made ready in the generation that this one begins.
    this.#generation = -1;
    return taken?.gone === false ? taken : null;
  }

  /** Ends it, for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.take()?.kill();
  }

  #start({ run }: GenerationDocument): TrainerProcess {
    const started = performance.now();
    const standby = new TrainerProcess(this.#env());
    standby.onMessage = ({ kind }) => {
      if (kind === 'warm')
        this.#logger.info({ run, pid: standby.pid, ms: Math.round(performance.now() - started) }, 'a standby is ready');
    };
    this.#logger.info({ run, pid: standby.pid }, 'starting a standby trainer');
    return standby;
  }
}
