import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { longestSource } from '@tributary/config';
import { utf8Lines } from '@tributary/datasets';
import { TributaryError } from '@tributary/protocol';

/** Bytes of a file of sources, or of what stdin gives. */
const mostBytes = 64 * 1024 * 1024;

export interface Sources {
  readonly texts: readonly string[];
  /** Whether they are lines of a file or of stdin: what comes of them is then lines too. */
  readonly lines: boolean;
}

/**
 * The texts to generate from: those given, or the lines of a file, or those of stdin.
 * @throws TributaryError `SPEC_INVALID` where two were given, or none; `DATA_INVALID` naming the line that is no source
 */
export async function readSources(given: readonly string[], file: string | undefined): Promise<Sources> {
  if (given.length > 0 && file !== undefined)
    throw new TributaryError('SPEC_INVALID', 'Both texts and --file were given; leave one out.');
  if (given.length > 0) {
    for (const [index, text] of given.entries()) check(text, given.length === 1 ? 'The text' : `Text ${index + 1}`);
    return { texts: given, lines: false };
  }
  if (file === undefined && process.stdin.isTTY)
    throw new TributaryError(
      'SPEC_INVALID',
      'There is nothing to generate from; give texts, a file with one source a line (--file), or such lines on stdin.',
    );
  const name = file ?? 'stdin';
  const bytes = await readUpTo(file === undefined ? process.stdin : createReadStream(file), name);
  if (bytes.every((byte) => byte === 0x0a || byte === 0x0d || byte === 0x20))
    throw new TributaryError('DATA_INVALID', `${name} is empty; give one source a line.`);
  const texts = utf8Lines(bytes, name).map(({ number, text }) => {
    check(text, `${name} line ${number}`);
    return text;
  });
  return { texts, lines: true };
}

function check(text: string, where: string): void {
  if (text.trim() === '')
    throw new TributaryError('DATA_INVALID', `${where} is empty; a source has at least one symbol.`);
  if (text.length > longestSource)
    throw new TributaryError(
      'DATA_INVALID',
      `${where} has ${text.length} characters, and a source at most ${longestSource}; shorten it.`,
    );
}

async function readUpTo(stream: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > mostBytes)
        throw new TributaryError(
          'TOO_LARGE',
          `${name} is over ${mostBytes / 1024 / 1024} MiB; generate from it in parts.`,
        );
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof TributaryError) throw cause;
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new TributaryError('DATA_INVALID', `${name} cannot be read (${what}); name a file with one source a line.`, {
      cause,
    });
  }
  return Buffer.concat(chunks);
}
