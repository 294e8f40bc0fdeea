import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { forget, markedProcesses, readRunning, recordedNames } from '../processes/detached-process.js';
import { descendants, isRunning, type ProcessIdentity } from '../processes/process-identity.js';
import { stopProcesses } from '../processes/stop-process.js';
import { type Report, secondsSince } from '../setup/command.js';
import { exclusively } from '../setup/exclusive.js';
import { portNames, readStackDocument, type StackDocument } from './stack-document.js';
import { makeStackFolders, type StackFolders } from './stack-folders.js';
import { stopStage, unitOf } from './units.js';
import { stackLockFile } from './up.js';

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
  // The addresses do not matter for stopping, and the file may be damaged: down must work then, too.
  const document = (await readStackDocument(folders).catch(() => undefined)) ?? emptyDocument();
  const names = await recordedNames(folders);
  const below = new Map<number, ProcessIdentity>();
  let ended = 0;
  for (const stage of [...new Set(names.map(stopStage))].sort((a, b) => a - b)) {
    const members = names.filter((name) => stopStage(name) === stage);
    await Promise.all(
      members.map(async (name) => {
        const record = await readRunning(folders, name);
        if (record !== undefined) {
          for (const identity of descendants(record.pid)) below.set(identity.pid, identity);
          const unit = unitOf({ folders, document, env: process.env }, name);
          const startedAtMs = Date.now();
          const left = await stopProcesses([record], unit?.stopSignal ?? 'SIGTERM', unit?.stopGraceMs ?? 10_000);
          if (left.length > 0) return;
          ended += 1;
          report(`${name}: down in ${secondsSince(startedAtMs)}`);
        }
        await forget(folders, name);
      }),
    );
  }
  const stragglers = [...below.values(), ...markedProcesses(folders)].filter(isRunning);
  const left = await stopProcesses(stragglers, 'SIGTERM', 5_000);
  if (left.length > 0) {
    throw new TributaryError(
      'SERVER_FAILED',
      `These processes of the stack do not end: ${left.map(({ pid }) => pid).join(', ')}; end them with kill -9, then run tributary down again.`,
    );
  }
  for (const folder of [folders.targets, folders.ready]) {
    for (const file of await readdir(folder)) await rm(join(folder, file), { force: true });
  }
  return ended;
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
