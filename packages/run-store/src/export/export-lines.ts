import { TributaryError } from '@tributary/protocol';
import { exportFormat } from './run-sections.js';

/** Longest line that is read; an export's own are far shorter. */
const maxLineBytes = 16 * 1024 * 1024;

/** One line of an export, with its number for messages. */
export interface ExportLine {
  readonly number: number;
  readonly kind: string;
  /** As it stands: a number that is read and written again can lose the sign of zero. */
  readonly text: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/**
 * Reads an export's lines, and no more of it at once than a line.
 * @throws TributaryError `DATA_INVALID` naming the line
 */
export async function* readExport(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ExportLine> {
  let number = 0;
  let headed = false;
  for await (const text of textLines(bytes)) {
    number += 1;
    if (text.trim() === '') continue;
    const content = parsed(text, number);
    if (headed) {
      yield { number, kind: content.kind, text, content };
      continue;
    }
    headed = true;
    if (content.kind !== 'export' || content.format !== exportFormat)
      throw invalid(
        number,
        content.kind === 'export'
          ? `the format ${JSON.stringify(content.format)} is not ${exportFormat}; import it with the version of Tributary that made it`
          : 'this is no export of runs; make one with: npx tributary runs export RUN --format jsonl',
      );
  }
  if (!headed)
    throw new TributaryError('DATA_INVALID', 'The export is empty; give a file of `runs export --format jsonl`.');
}

export function invalid(line: number, what: string, cause?: unknown): TributaryError {
  return new TributaryError('DATA_INVALID', `Line ${line} cannot be imported: ${what}.`, { cause });
}

function parsed(text: string, number: number): { readonly kind: string; readonly [name: string]: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(number, 'it is not whole JSON; export the runs again', cause);
  }
  if (typeof value !== 'object' || value === null || typeof (value as { kind?: unknown }).kind !== 'string')
    throw invalid(number, 'it is no object with a kind; export the runs again');
  return value as { readonly kind: string };
}

async function* textLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  let size = 0;
  let number = 1;
  for await (const chunk of bytes) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      const piece = chunk.subarray(start, end < 0 ? undefined : end);
      size += piece.length;
      if (size > maxLineBytes) throw invalid(number, `it is longer than ${maxLineBytes / 1024 / 1024} MiB`);
      // A piece kept for later must not change with the reader's buffer.
      pending.push(end < 0 ? piece.slice() : piece);
      if (end < 0) break;
      yield decoded(pending, number);
      [pending, size, start, number] = [[], 0, end + 1, number + 1];
    }
  }
  if (size > 0) yield decoded(pending, number);
}

/** What is no UTF-8 would otherwise be imported as something else. */
function decoded(pieces: readonly Uint8Array[], number: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch (cause) {
    throw invalid(number, 'it is not UTF-8; export the runs again', cause);
  }
}
