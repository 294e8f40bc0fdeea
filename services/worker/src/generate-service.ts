import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { type GenerateReply, type GenerateRequest, toErrorDocument } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { AgentChild } from './child-process.js';

const limitMs = 60_000;

/** Answers generation requests, each in a process of its own, one at a time. */
export class GenerateService {
  readonly #env: NodeJS.ProcessEnv;
  readonly #logger: Logger;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly connection: NatsConnection;
    readonly subject: string;
    readonly env: NodeJS.ProcessEnv;
    readonly logger: Logger;
  }) {
    this.#env = options.env;
    this.#logger = options.logger;
    options.connection.subscribe(options.subject, {
      queue: 'generate',
      callback: (error, message) => {
        if (error) return;
        this.#tail = this.#tail.then(async () => {
          this.#respond(message, await this.#answer(() => message.json<GenerateRequest>()));
        });
      },
    });
  }

  /** Never throws: a reply that cannot be sent must not end the agent, nor keep the next request from being answered. */
  #respond(message: Msg, reply: GenerateReply): void {
    try {
      message.respond(JSON.stringify(reply));
    } catch (error) {
      this.#logger.error({ error: String(error) }, 'a generation reply could not be sent');
      if (!reply.ok) return;
      this.#respond(message, {
        ok: false,
        code: 'TOO_LARGE',
        message: `The outputs of ${reply.outputs.length} inputs could not be sent in one reply; ask for fewer at a time.`,
      });
    }
  }

  async #answer(read: () => GenerateRequest): Promise<GenerateReply> {
    try {
      return await this.#generate(read());
    } catch (error) {
      this.#logger.error({ error: String(error) }, 'generation failed');
      return { ok: false, ...toErrorDocument(error) };
    }
  }

  async #generate(request: GenerateRequest): Promise<GenerateReply> {
    let reply: GenerateReply | null = null;
    const child = new AgentChild<GenerateRequest, GenerateReply>('./generate-main.js', this.#env, (message) => {
      reply = message;
    });
    child.send(request);
    const timer = setTimeout(() => child.process.kill('SIGKILL'), limitMs);
    const reason = await child.exited;
    clearTimeout(timer);
    return reply ?? { ok: false, code: 'INTERNAL', message: `The generating process ${reason}; see the worker's log.` };
  }
}
