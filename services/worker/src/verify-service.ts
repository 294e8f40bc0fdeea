import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import {
  type VerifyAnswer,
  type VerifyControl,
  type VerifyMessage,
  type VerifyRequest,
  verifyAliveMs,
  verifyLimitMs,
  verifySilenceMs,
} from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { AgentChild } from './child-process.js';
import type { FromVerifier, ToVerifier } from './verify-messages.js';

export interface VerifyServiceOptions {
  readonly connection: NatsConnection;
  /** Of this worker's kind. */
  readonly subject: string;
  readonly worker: string;
  /** Why it cannot verify now; null: it can. */
  readonly busy: () => string | null;
  /** Environment of its processes. */
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
}

/** Does stretches of runs again when asked to, each in a process of its own, one at a time. */
export class VerifyService {
  readonly #options: VerifyServiceOptions;
  #tail: Promise<void> = Promise.resolve();
  #unanswered = 0;

  constructor(options: VerifyServiceOptions) {
    this.#options = options;
    options.connection.subscribe(options.subject, {
      queue: 'verify',
      callback: (error, message) => {
        if (!error) this.#take(message);
      },
    });
  }

  #take(message: Msg): void {
    const asked = new AskedVerification(message, this.#options, this.#unanswered > 0);
    this.#unanswered += 1;
    this.#tail = this.#tail
      .then(() => asked.answer())
      .finally(() => {
        this.#unanswered -= 1;
        asked.close();
      });
  }
}

/** One request, from its arrival to its last answer. Ends early when nobody listens any more. */
class AskedVerification {
  readonly #message: Msg;
  readonly #options: VerifyServiceOptions;
  readonly #control: string;
  readonly #listening: { unsubscribe(): void };
  readonly #pulse: NodeJS.Timeout;
  #number = 0;
  #heardMs = performance.now();
  #waiting: boolean;
  /** Set while nobody listens any more. */
  #givenUp = false;
  #child: AgentChild<ToVerifier, FromVerifier> | null = null;

  /** @param waiting another goes first */
  constructor(message: Msg, options: VerifyServiceOptions, waiting: boolean) {
    this.#message = message;
    this.#waiting = waiting;
    this.#options = options;
    this.#control = createInbox();
    this.#listening = options.connection.subscribe(this.#control, {
      callback: (_error, control) => {
        this.#heardMs = performance.now();
        if ((control.string() as VerifyControl) === 'stop') this.#giveUp();
      },
    });
    this.#pulse = setInterval(() => this.#beat(), verifyAliveMs);
    this.#tell({ kind: 'alive', waiting });
  }

  async answer(): Promise<void> {
    if (this.#givenUp) return;
    this.#waiting = false;
    const reason = this.#options.busy();
    if (reason !== null) return this.#tell({ kind: 'failed', code: 'NO_WORKERS', message: reason });
    try {
      await this.#verify(this.#message.json<VerifyRequest>());
    } catch (error) {
      this.#options.logger.error({ error: String(error) }, 'a verification failed');
      this.#tell({ kind: 'failed', code: 'INTERNAL', message: String(error) });
    }
  }

  close(): void {
    clearInterval(this.#pulse);
    this.#listening.unsubscribe();
  }

  async #verify(request: VerifyRequest): Promise<void> {
    const { env, logger } = this.#options;
    const { run, from, to } = request;
    logger.info({ run, from: from.step, to }, 'verifying');
    let ended = false;
    const child = new AgentChild<ToVerifier, FromVerifier>('./verify-main.js', env, (answer) => {
      ended ||= answer.kind === 'done' || answer.kind === 'failed';
      this.#tell(answer);
    });
    this.#child = child;
    child.send(request);
    const limit = setTimeout(() => child.process.kill('SIGKILL'), verifyLimitMs);
    const reason = await child.exited;
    clearTimeout(limit);
    this.#child = null;
    if (ended || this.#givenUp) return;
    this.#tell({ kind: 'failed', code: 'INTERNAL', message: `The verifying process ${reason}; see the worker's log.` });
  }

  #beat(): void {
    if (performance.now() - this.#heardMs > verifySilenceMs) this.#giveUp();
    else this.#tell({ kind: 'alive', waiting: this.#waiting });
  }

  #giveUp(): void {
    this.#givenUp = true;
    this.#child?.process.kill('SIGKILL');
  }

  /** Never throws: what cannot be sent is missed by who counts the messages. */
  #tell(answer: VerifyAnswer): void {
    const message: VerifyMessage = { number: this.#number, worker: this.#options.worker, answer };
    this.#number += 1;
    try {
      this.#message.respond(JSON.stringify(message), { reply: this.#control });
    } catch (error) {
      this.#options.logger.error({ error: String(error) }, 'an answer of a verification could not be sent');
    }
  }
}
