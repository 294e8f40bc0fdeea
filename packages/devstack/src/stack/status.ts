import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProcessRecord, readRecord, recordedNames } from '../processes/detached-process.js';
import { isRunning } from '../processes/process-identity.js';
import { prometheusBuild } from '../prometheus/build-later.js';
import { cacheFolder } from '../setup/folders.js';
import { readStackDocument } from './stack-document.js';
import type { StackFolders } from './stack-folders.js';
import { stopStage, unitOf } from './units.js';

export interface UnitStatus {
  readonly name: string;
  readonly address: string;
  readonly pid: number | undefined;
  readonly logFile: string;
  /** `serving`: it answered now. `failing`: it runs and does not answer as it should. `ended`: it should run and does not. `building`: it is compiled in the background. */
  readonly health: 'serving' | 'failing' | 'ended' | 'building';
  /** Why it is not serving. */
  readonly detail: string | undefined;
}

/** Asks every process that the stack should have. Empty for a stack that is down. */
export async function status(folders: StackFolders, env: NodeJS.ProcessEnv = process.env): Promise<UnitStatus[]> {
  const document = await readStackDocument(folders);
  if (document === undefined) return [];
  const names = await recordedNames(folders);
  const asked = names.map(async (name): Promise<UnitStatus | undefined> => {
    const record = await readRecord(folders, name);
    if (record !== undefined && name === prometheusBuild) return buildStatus(record);
    const unit = unitOf({ folders, document, env }, name);
    if (record === undefined || unit === undefined) return undefined;
    const common = { name, address: record.address, logFile: record.logFile };
    if (!isRunning(record))
      return { ...common, pid: undefined, health: 'ended', detail: 'it ended; tributary up starts it again' };
    const detail = await unit.check();
    return { ...common, pid: record.pid, health: detail === undefined ? 'serving' : 'failing', detail };
  });
  const found = (await Promise.all(asked)).filter((unit) => unit !== undefined);
  return found.sort((a, b) => stopStage(b.name) - stopStage(a.name) || a.name.localeCompare(b.name));
}

function buildStatus(record: ProcessRecord): UnitStatus {
  const common = { name: 'prometheus', address: '', logFile: record.logFile };
  if (isRunning(record))
    return {
      ...common,
      pid: record.pid,
      health: 'building',
      detail: 'built once in the background, usually 2 to 5 minutes; it starts by itself',
    };
  return {
    ...common,
    pid: undefined,
    health: 'ended',
    detail: `its build failed: see ${record.logFile}; training goes on without it`,
  };
}

export interface DiskUse {
  readonly what: string;
  readonly folder: string;
  readonly sizeBytes: number;
}

/** What the stack and the shared cache take, largest first. */
export async function diskUse(folders: StackFolders, env: NodeJS.ProcessEnv = process.env): Promise<DiskUse[]> {
  const entries: { what: string; folder: string }[] = [];
  for (const name of await readdir(folders.data).catch(() => []))
    entries.push({ what: `data: ${name}`, folder: join(folders.data, name) });
  entries.push({ what: 'logs', folder: folders.logs });
  const cache = cacheFolder(env);
  for (const name of await readdir(cache).catch(() => []))
    entries.push({ what: `cache: ${name}`, folder: join(cache, name) });
  const uses = await Promise.all(entries.map(async (entry) => ({ ...entry, sizeBytes: await sizeOf(entry.folder) })));
  return uses.filter((use) => use.sizeBytes > 0).sort((a, b) => b.sizeBytes - a.sizeBytes);
}

async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isSymbolicLink()) return 0;
  if (!found.isDirectory()) return allocated(found.blocks);
  const names = await readdir(path).catch(() => []);
  let sum = allocated(found.blocks);
  for (const name of names) sum += await sizeOf(join(path, name));
  return sum;
}

function allocated(blocks: number): number {
  return blocks * 512;
}

/** The log files of a stack by unit name, as `tributary logs` wants them. */
export async function logFiles(folders: StackFolders): Promise<ReadonlyMap<string, string>> {
  const files = (await readdir(folders.logs).catch(() => [])).filter((file) => file.endsWith('.log'));
  const found = new Map<string, string>();
  for (const file of files) {
    if ((await stat(join(folders.logs, file))).isFile())
      found.set(file.slice(0, -'.log'.length), join(folders.logs, file));
  }
  return found;
}
