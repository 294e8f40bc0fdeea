import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Replies of server-sent events. A client that leaves ends its own; the API's own end ends all. */
export class EventStreams {
  readonly #open = new Set<AbortController>();

  constructor(app: FastifyInstance) {
    // They never end by themselves while there is something to tell.
    app.addHook('preClose', async () => {
      for (const controller of this.#open) controller.abort();
    });
  }

  /** @param events gives the events as text, until the signal is aborted */
  send(reply: FastifyReply, events: (signal: AbortSignal) => AsyncIterable<string>): FastifyReply {
    const controller = new AbortController();
    this.#open.add(controller);
    const body = Readable.from(events(controller.signal));
    reply.raw.once('close', () => controller.abort());
    body.once('close', () => this.#open.delete(controller));
    return reply
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(body);
  }
}
