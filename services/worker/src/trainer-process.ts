import type { GenerationDocument } from '@tributary/protocol';
import { AgentChild, isCrash } from './child-process.js';
import { SilenceClock } from './silence-clock.js';
import { aliveIntervalMs, type FromTrainer, serversGoneExitCode, type ToTrainer } from './trainer-messages.js';

/**
 * Each step brings megabytes of messages, all short-lived. With V8's default young generation of 16 MB their buffers live long
 * enough to be promoted, and collecting them there took 27 of 250 ms a step (2.5 with these).
 */
const trainerNodeFlags = ['--max-semi-space-size=128', '--min-semi-space-size=64'];

/** How a trainer process ended. */
export interface TrainerExit {
  readonly reason: string;
  /** By itself, not by a signal from outside or for want of a server. */
  readonly crashed: boolean;
}

/** One trainer process, as its agent knows it: directed to one generation after another, or waiting as a standby. */
export class TrainerProcess {
  readonly exited: Promise<TrainerExit>;
  readonly #child: AgentChild<ToTrainer, FromTrainer>;
  readonly #silence = new SilenceClock(2 * aliveIntervalMs);
  readonly #clock: NodeJS.Timeout;
  #silentMs = 0;
  #began: number | null = null;
  #gone = false;
  /** Called with what it says, but for its signs of life. */
  onMessage: (message: FromTrainer) => void = () => {};

  constructor(env: NodeJS.ProcessEnv) {
    this.#child = new AgentChild<ToTrainer, FromTrainer>(
      './trainer-main.js',
      env,
      (message) => {
        this.#silence.heard();
        this.#silentMs = 0;
        if (message.kind === 'began') this.#began = message.generation;
        if (message.kind !== 'alive') this.onMessage(message);
      },
      trainerNodeFlags,
    );
    this.#clock = setInterval(() => {
      this.#silentMs = this.#silence.tick();
    }, aliveIntervalMs);
    this.exited = this.#child.exited.then((reason) => {
      this.#gone = true;
      clearInterval(this.#clock);
      const { exitCode, signalCode } = this.#child.process;
      return { reason, crashed: exitCode !== serversGoneExitCode && isCrash(exitCode, signalCode) };
    });
  }

  get pid(): number | undefined {
    return this.#child.process.pid;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Since it last spoke; the time in which this agent itself stood still is not counted. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** The newest generation that it has begun; null before the first. */
  get began(): number | null {
    return this.#began;
  }

  start(document: GenerationDocument, member: number): void {
    this.#child.send({ kind: 'start', document, member });
  }

  prepare(document: GenerationDocument, member: number): void {
    this.#child.send({ kind: 'prepare', document, member });
  }

  send(message: ToTrainer): void {
    this.#child.send(message);
  }

  /** Ends it at once, also where it is stopped, and waits until it is gone. */
  kill(): Promise<void> {
    return this.#child.kill();
  }
}
