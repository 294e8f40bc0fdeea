import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';

/** Longest that a client may go on sending a body that was refused, in milliseconds. */
const longestRestMs = 30_000;

/**
 * Reads a request's body as it comes. Where that fails before its end, what is still to come is read on and dropped: a connection that is
 * closed over unread bytes is reset, and a client that is still sending would lose the answer with it.
 */
export async function readBody<T>(
  { body, raw }: FastifyRequest,
  read: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const stream = body as Readable;
  try {
    return await read(stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>);
  } catch (error) {
    if (!stream.readableEnded && !stream.destroyed) {
      const { socket } = raw;
      const end = setTimeout(() => socket.destroy(), longestRestMs).unref();
      stream
        .once('close', () => clearTimeout(end))
        .once('end', () => clearTimeout(end))
        .resume();
    }
    throw error;
  }
}
