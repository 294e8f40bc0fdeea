import { TributaryError } from '@tributary/protocol';

/** A line without its end, and its number from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a UTF-8 file. Ends may be LF or CRLF; a byte order mark and empty lines at the end are dropped.
 * @throws TributaryError `DATA_INVALID` for an empty file, or naming the first line that is not UTF-8.
 */
export function utf8Lines(bytes: Uint8Array, where: string): Line[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TributaryError(
      'DATA_INVALID',
      `${where} is not UTF-8 at line ${firstBadLine(bytes)}: save the file as UTF-8.`,
      { cause },
    );
  }
  const lines = text.split('\n').map((line, index) => ({
    number: index + 1,
    text: line.endsWith('\r') ? line.slice(0, -1) : line,
  }));
  while (lines.length > 0 && lines.at(-1)?.text.trim() === '') lines.pop();
  if (lines.length === 0)
    throw new TributaryError('DATA_INVALID', `${where} is empty: give a file with at least one pair.`);
  return lines;
}

function firstBadLine(bytes: Uint8Array): number {
  let start = 0;
  for (let number = 1; ; number++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return number;
    }
    if (found === -1) return number;
    start = found + 1;
  }
}
