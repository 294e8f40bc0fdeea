import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import {
  corpusFileOf,
  maxRunFileBytes,
  parseRunFile,
  type RunFile,
  RunFileError,
  tooLargeMessage,
} from '@tributary/config';
import { requireCorpusFile } from '@tributary/corpora';
import { buildData } from '@tributary/datasets';
import { corporaFolder } from '@tributary/devstack';
import { TributaryError } from '@tributary/protocol';

/** Largest data file that the API takes. */
const maxDataBytes = 256 * 1024 * 1024;

export interface CheckedRunFile {
  readonly spec: RunFile;
  /** Path in the run file → its bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads a run file and the data files that it names, and checks both.
 * @throws TributaryError `SPEC_INVALID`, `DATA_INVALID`
 */
export async function readRunFile(path: string): Promise<CheckedRunFile> {
  const refuse = (message: string) => new RunFileError(path, [{ line: null, path: '', message }]);
  const bytes = await readWhole(path, maxRunFileBytes, {
    missing: () => refuse('there is no such file; give the path of a run file, e.g. examples/words.yaml'),
    unreadable: (reason) => refuse(`cannot be read (${reason}); give the path of a run file`),
    tooLarge: (size) => refuse(tooLargeMessage(size)),
  });
  const spec = parseRunFile(decodeUtf8(path, bytes), { name: path });
  return { spec, files: await readData(spec, path) };
}

async function readData(spec: RunFile, runFile: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const read = async (path: string, field = 'data.path'): Promise<Uint8Array> => {
    const known = files.get(path);
    if (known !== undefined) return known;
    const invalid = (what: string) =>
      new TributaryError('DATA_INVALID', `${path} ${what} (named by ${basename(runFile)})`);
    const bytes = await readWhole(await placeOf(path, runFile), maxDataBytes, {
      missing: () => invalid(`does not exist beside the run file; correct ${field}, which is relative to it`),
      unreadable: (reason) => invalid(`cannot be read (${reason}); name a file that you may read`),
      tooLarge: () =>
        invalid(
          `is over ${maxDataBytes / 1024 / 1024} MiB; use ${field === 'data.path' ? 'fewer pairs, or split them over several tasks' : 'a smaller model'}`,
        ),
    });
    files.set(path, bytes);
    return bytes;
  };
  const tasks = wordsNeedChecking(spec) ? spec.tasks : spec.tasks.filter(({ data }) => data.source !== 'words');
  if (tasks.length > 0) await buildData({ ...spec, tasks }, (path) => read(path));
  const weights = spec.init?.from.file;
  if (weights !== undefined) {
    // Few run files have weights, and every command would load what reads them.
    const { decodeWeights } = await import('@tributary/checkpoints');
    decodeWeights(await read(weights, 'init.from.file'), weights);
  }
  return files;
}

/** Files of a corpus lie in this machine's data folder, all others beside the run file. */
async function placeOf(path: string, runFile: string): Promise<string> {
  const ofCorpus = corpusFileOf(path);
  if (ofCorpus === null) return resolve(dirname(runFile), path);
  return await requireCorpusFile(corporaFolder(), ofCorpus.corpus, ofCorpus.file);
}

/** The bundled words are sound; building them takes seconds, and only tight limits could refuse them. */
function wordsNeedChecking({ lengths, vocabulary }: RunFile): boolean {
  const longestWord = 40;
  const mostSymbols = 128;
  const tight = lengths.overlong === 'refuse' && Math.min(lengths.source, lengths.target) < longestWord;
  return tight || vocabulary.limit < mostSymbols;
}

interface Refusals {
  missing(): Error;
  unreadable(reason: string): Error;
  tooLarge(sizeBytes: number): Error;
}

/** The bytes of a regular file, whose size is asked before anything is read. */
async function readWhole(path: string, maxBytes: number, refusals: Refusals): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    // Before it is opened: a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) throw refusals.unreadable('it is not a regular file');
    handle = await open(path, 'r');
    const { size } = await handle.stat();
    if (size > maxBytes) throw refusals.tooLarge(size);
    return await handle.readFile();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (error instanceof TributaryError) throw error;
    throw code === 'ENOENT' || code === 'ENOTDIR' ? refusals.missing() : refusals.unreadable(String(code ?? error));
  } finally {
    await handle?.close();
  }
}

function decodeUtf8(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = firstBadLine(bytes);
    throw new RunFileError(name, [{ line, path: '', message: 'is not UTF-8 here; save the file as UTF-8' }], { cause });
  }
}

function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  let start = 0;
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] !== 0x0a) continue;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, at));
    } catch {
      return line;
    }
    start = at + 1;
    line++;
  }
  return line;
}
