import { open, stat } from 'node:fs/promises';
import { TributaryError } from '@tributary/protocol';
import { markedProcesses, type ProcessRecord, readRunning, startDetached } from '../processes/detached-process.js';
import { isRunning } from '../processes/process-identity.js';
import { stopProcesses } from '../processes/stop-process.js';
import { waitFor } from '../processes/wait-for.js';
import { lastLines, type Report, secondsSince } from '../setup/command.js';
import type { StackFolders } from './stack-folders.js';
import type { Unit } from './unit.js';

export interface StartedUnit {
  readonly record: ProcessRecord;
  /** False when it ran already. */
  readonly started: boolean;
}

/**
 * Starts a unit unless it runs, and waits until it answers.
 *
 * @throws TributaryError `SERVER_FAILED` with the last lines of its log when it ends or does not answer in time.
 */
export async function startUnit(folders: StackFolders, unit: Unit, report: Report): Promise<StartedUnit> {
  const running = await readRunning(folders, unit.name);
  if (running !== undefined) {
    await waitUntilServing(unit, running, 0);
    return { record: running, started: false };
  }
  // Children that outlived the process before: they would write where the new one writes.
  await stopProcesses(markedProcesses(folders, unit.name), 'SIGTERM', 3_000);
  const launch = await unit.launch(report);
  const startedAtMs = Date.now();
  const logStart = await stat(`${folders.logs}/${unit.name}.log`)
    .then((found) => found.size)
    .catch(() => 0);
  const record = await startDetached(folders, unit, launch);
  await waitUntilServing(unit, record, logStart);
  report(`${unit.name}: up in ${secondsSince(startedAtMs)}`);
  return { record, started: true };
}

async function waitUntilServing(unit: Unit, record: ProcessRecord, logStart: number): Promise<void> {
  let reason: string | undefined;
  const outcome = await waitFor(unit.startTimeoutMs, async () => {
    // The look comes first: a process that ended while it was asked is seen in the next round.
    if (!isRunning(record)) return 'ended';
    reason = await unit.check();
    return reason === undefined ? 'serving' : undefined;
  });
  if (outcome === 'serving') return;
  const log = lastLines(await readFrom(record.logFile, logStart), 5);
  const said = log === '' ? 'Its log is empty' : `Its log ends: ${log}`;
  if (outcome === 'ended')
    throw new TributaryError('SERVER_FAILED', `${unit.name} ended at its start; see ${record.logFile}. ${said}`);
  const seconds = Math.round(unit.startTimeoutMs / 1000);
  throw new TributaryError(
    'SERVER_FAILED',
    `${unit.name} (pid ${record.pid}) does not serve after ${seconds} s: ${reason ?? 'no answer'}; see ${record.logFile}, then run tributary down and up. ${said}`,
  );
}

/** The log from where this start began, at most its last 8 kB. */
async function readFrom(file: string, start: number): Promise<string> {
  try {
    const log = await open(file, 'r');
    try {
      const { size } = await log.stat();
      const position = Math.max(start > size ? 0 : start, size - 8_192);
      const { buffer, bytesRead } = await log.read(Buffer.alloc(8_192), 0, 8_192, position);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await log.close();
    }
  } catch {
    return '';
  }
}
