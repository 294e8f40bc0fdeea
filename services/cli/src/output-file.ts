import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { TributaryError } from '@tributary/protocol';

/**
 * Writes a stream into a file, or to stdout. A file appears whole or not at all.
 * @returns its bytes
 * @throws TributaryError `DATA_INVALID` where the file cannot be written, `SERVER_FAILED` where the stream breaks off
 */
export async function writeOut(body: ReadableStream<Uint8Array>, out: string | undefined): Promise<number> {
  let bytes = 0;
  let broken: unknown;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of Readable.fromWeb(body) as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      broken = error;
      throw error;
    }
  }
  if (out === undefined) {
    try {
      await pipeline(counted, process.stdout, { end: false });
      return bytes;
    } catch (cause) {
      if (broken === undefined) throw cause;
      throw new TributaryError(
        'SERVER_FAILED',
        `The API broke off (${messageOf(cause)}) after ${bytes} bytes: what was printed is not whole; try again.`,
        { cause },
      );
    }
  }
  const partial = `${out}.part`;
  try {
    await pipeline(counted, createWriteStream(partial));
    await rename(partial, out);
    return bytes;
  } catch (cause) {
    await rm(partial, { force: true });
    const what = messageOf(cause);
    throw broken === undefined
      ? new TributaryError(
          'DATA_INVALID',
          `${out} cannot be written (${what}); name a file in a folder that is there.`,
          {
            cause,
          },
        )
      : new TributaryError('SERVER_FAILED', `The API broke off (${what}), so ${out} was not written; try again.`, {
          cause,
        });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
