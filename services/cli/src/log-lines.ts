import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

type Source = readonly [name: string, file: string];

export interface LogLine {
  readonly source: string;
  readonly line: string;
}

const pollMs = 300;

/** The last lines that are wanted, over all files in the order of their times, and how far each file was read. */
export async function lastLogLines(
  sources: readonly Source[],
  wanted: (line: string) => boolean,
  count: number,
): Promise<{ readonly lines: LogLine[]; readonly offsets: Map<string, number> }> {
  const offsets = new Map<string, number>();
  const all: (LogLine & { readonly time: string })[] = [];
  for (const [source, file] of sources) {
    const end = await sizeOf(file);
    offsets.set(file, end);
    const lines: LogLine[] = [];
    await readLines(file, 0, end, (line) => {
      if (!wanted(line)) return;
      lines.push({ source, line });
      if (lines.length > 2 * count) lines.splice(0, lines.length - count);
    });
    let time = '';
    for (const each of lines.slice(-count)) {
      // Lines of a stack trace belong to the line above them.
      time = /"time":"([^"]+)"/.exec(each.line)?.[1] ?? time;
      all.push({ ...each, time });
    }
  }
  if (sources.length > 1) all.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return { lines: all.slice(-count), offsets };
}

/** Shows wanted lines as they are written, until Ctrl-C. */
export async function followFiles(
  sources: readonly Source[],
  offsets: Map<string, number>,
  wanted: (line: string) => boolean,
  show: (source: string, line: string) => void,
): Promise<void> {
  const stopped = new AbortController();
  process.once('SIGINT', () => stopped.abort());
  process.once('SIGTERM', () => stopped.abort());
  while (!stopped.signal.aborted) {
    for (const [source, file] of sources) {
      const end = await sizeOf(file);
      const from = offsets.get(file) ?? 0;
      // A shorter file was begun anew.
      const start = end < from ? 0 : from;
      if (end === start) continue;
      let read = start;
      await readLines(file, start, end, (line, whole) => {
        if (!whole) return;
        read += Buffer.byteLength(line) + 1;
        if (wanted(line)) show(source, line);
      });
      offsets.set(file, read);
    }
    await delay(pollMs, undefined, { signal: stopped.signal }).catch(() => undefined);
  }
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    (found) => found.size,
    () => 0,
  );
}

/** @param each is told whether the line is whole: the last one may still be written */
async function readLines(
  file: string,
  start: number,
  end: number,
  each: (line: string, whole: boolean) => void,
): Promise<void> {
  if (end <= start) return;
  const input = createReadStream(file, { start, end: end - 1 });
  let bytes = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    bytes += Buffer.byteLength(line) + 1;
    each(line, start + bytes <= end);
  }
}
