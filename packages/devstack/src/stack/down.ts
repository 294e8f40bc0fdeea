import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { forget, markedProcesses, readRunning, recordedNames } from '../processes/detached-process.js';
import { descendants, isRunning, type ProcessIdentity } from '../processes/process-identity.js';
import { stopProcesses } from '../processes/stop-process.js';
import type { Report } from '../setup/command.js';
import { exclusively } from '../setup/exclusive.js';
import { portNames, readStackDocument, type StackDocument } from './stack-document.js';
import { makeStackFolders, type StackFolders, stackLockFile } from './stack-folders.js';
import type { Unit } from './unit.js';
import { serverNames, stopStage, unitOf } from './units.js';

export interface DownOptions {
  readonly folders: StackFolders;
  readonly report: Report;
}

/**
 * Ends every process of a stack, dependents first, and makes sure that none is left. Data stays. Does nothing to a stack
 * that is down.
 *
 * @returns how many processes ended.
 * @throws TributaryError `SERVER_FAILED` naming the pids that could not be ended.
 */
export async function down({ folders, report }: DownOptions): Promise<number> {
  await makeStackFolders(folders);
  const waiting = 'Another tributary up or down of this stack is at work; waiting for it';
  return exclusively(stackLockFile(folders), { waiting, report, timeoutMs: 1_800_000 }, () =>
    stopEverything({ folders, report }),
  );
}

async function stopEverything({ folders, report }: DownOptions): Promise<number> {
  const ended = await stopRecorded({ folders, report }, () => true);
  const left = await stopProcesses(markedProcesses(folders), 'SIGTERM', 5_000);
  throwIfLeft(left);
  for (const folder of [folders.targets, folders.ready]) {
    for (const file of await readdir(folder)) await rm(join(folder, file), { force: true });
  }
  return ended;
}

/** Ends the services and workers, not the servers; the caller holds the stack's lock. */
export async function stopServices(options: DownOptions): Promise<void> {
  await stopRecorded(options, (name) => !serverNames.some((server) => server === name));
}

/** Ends the recorded processes that `chosen` names, stage after stage, and what they leave behind. */
async function stopRecorded({ folders, report }: DownOptions, chosen: (name: string) => boolean): Promise<number> {
  // The addresses do not matter for stopping, and the file may be damaged: down must work then, too.
  const document = (await readStackDocument(folders).catch(() => undefined)) ?? emptyDocument();
  const context = { folders, document, env: process.env };
  const names = (await recordedNames(folders)).filter(chosen);
  let ended = 0;
  for (const stage of [...new Set(names.map(stopStage))].sort((a, b) => a - b)) {
    const members = names.filter((name) => stopStage(name) === stage);
    const outcomes = await Promise.all(members.map((name) => stopOne(folders, name, unitOf(context, name))));
    throwIfLeft(outcomes.flatMap(({ left }) => left));
    for (const { name, tookMs } of outcomes) {
      if (tookMs === undefined) continue;
      ended += 1;
      report(`${name}: down in ${(tookMs / 1000).toFixed(1)} s`);
    }
  }
  return ended;
}

interface StopOutcome {
  readonly name: string;
  /** Undefined where nothing ran. */
  readonly tookMs: number | undefined;
  readonly left: readonly ProcessIdentity[];
}

async function stopOne(folders: StackFolders, name: string, unit: Unit | undefined): Promise<StopOutcome> {
  const record = await readRunning(folders, name);
  if (record === undefined) {
    await forget(folders, name);
    return { name, tookMs: undefined, left: [] };
  }
  const startedAtMs = performance.now();
  // Postgres's children carry no mark: they are only known while their parent lives.
  const below = descendants(record.pid);
  const left = await stopProcesses([record], unit?.stopSignal ?? 'SIGTERM', unit?.stopGraceMs ?? 10_000);
  left.push(...(await stopProcesses(below.filter(isRunning), 'SIGTERM', 5_000)));
  if (left.length === 0) await forget(folders, name);
  return { name, tookMs: performance.now() - startedAtMs, left };
}

function throwIfLeft(left: readonly ProcessIdentity[]): void {
  if (left.length === 0) return;
  const pids = left.map(({ pid }) => pid).join(', ');
  throw new TributaryError(
    'SERVER_FAILED',
    `These processes of the stack do not end: ${pids}; end them with kill -9, then run tributary down again.`,
  );
}

function emptyDocument(): StackDocument {
  const ports = Object.fromEntries(portNames.map((name) => [name, 0])) as StackDocument['ports'];
  return { format: 1, namespaces: ['main'], ports };
}

/** Ends the stack, then removes its data, logs, secrets and ports: everything but the shared cache. */
export async function purge(options: DownOptions): Promise<void> {
  await down(options);
  await rm(options.folders.data, { recursive: true, force: true });
  await rm(options.folders.state, { recursive: true, force: true });
  options.report(`Removed ${options.folders.data} and ${options.folders.state}`);
}
