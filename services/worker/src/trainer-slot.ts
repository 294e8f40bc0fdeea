import type { GenerationDocument, TrainerStatus } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { AgentChild } from './child-process.js';
import type { FromTrainer, ToTrainer } from './trainer-messages.js';

/**
 * Each step brings megabytes of messages, all short-lived. With V8's default young generation of 16 MB their buffers live long
 * enough to be promoted, and collecting them there took 27 of 250 ms a step (2.5 with these).
 */
const trainerNodeFlags = ['--max-semi-space-size=128', '--min-semi-space-size=64'];

/** One trainer of one generation, as its agent knows it. */
export class TrainerSlot {
  readonly document: GenerationDocument;
  readonly member: number;
  readonly #child: AgentChild<ToTrainer, FromTrainer>;
  #status: TrainerStatus;
  #ended = false;
  #stopSent = false;
  #killed = false;

  /** @param onChange called on every status change, and once more when the process has ended. */
  constructor(
    document: GenerationDocument,
    member: number,
    deps: { readonly logger: Logger; readonly env: NodeJS.ProcessEnv; readonly onChange: () => void },
  ) {
    this.document = document;
    this.member = member;
    const { run, attempt, generation, resume } = document;
    this.#status = { run, attempt, generation, member, phase: 'starting', step: resume.step, progress: 0, died: null };
    this.#child = new AgentChild(
      './trainer-main.js',
      deps.env,
      (message) => {
        if (message.kind === 'ended') this.#ended = true;
        else {
          const phaseChanged = message.phase !== this.#status.phase;
          this.#status = {
            ...this.#status,
            phase: message.phase,
            step: message.step,
            progress: this.#status.progress + 1,
          };
          if (phaseChanged) deps.onChange();
        }
      },
      trainerNodeFlags,
    );
    this.#child.send({ kind: 'start', document, member });
    this.#child.exited
      .then((reason) => {
        if (!this.#ended) {
          this.#status = { ...this.#status, died: { reason: `the trainer ${reason} at step ${this.#status.step}` } };
          if (this.#killed) deps.logger.info({ run, generation }, 'the trainer was stopped');
          else deps.logger.error({ run, generation, reason }, 'the trainer died');
        }
        deps.onChange();
      })
      .catch(() => undefined);
  }

  get status(): TrainerStatus {
    return this.#status;
  }

  /** The trainer has written its ending. */
  get ended(): boolean {
    return this.#ended;
  }

  get exited(): Promise<string> {
    return this.#child.exited;
  }

  stop(document: GenerationDocument): void {
    if (!document.stop || this.#stopSent) return;
    this.#stopSent = true;
    this.#child.send({ kind: 'stop', request: document.stop });
  }

  /** Ends the trainer at once, wanted by its agent, and waits until it is gone. */
  kill(): Promise<void> {
    this.#killed = true;
    return this.#child.kill();
  }
}
