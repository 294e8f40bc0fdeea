import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lock } from 'proper-lockfile';
import type { Report } from './command.js';

const staleMs = 30_000;

export interface ExclusiveOptions {
  /** Said once, when another process holds the lock. */
  readonly waiting: string;
  readonly report?: Report;
  /** How long to wait for the other process. */
  readonly timeoutMs: number;
}

/**
 * Runs `work` while no other process of this machine runs work under the same lock file. A holder that dies is noticed
 * after 30 s: it stops renewing the lock.
 *
 * @throws TributaryError `SERVER_FAILED` when the other process does not finish within `timeoutMs`.
 */
export async function exclusively<T>(lockFile: string, options: ExclusiveOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lockFile), { recursive: true });
  const release = await acquire(lockFile, options);
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}

async function acquire(lockFile: string, options: ExclusiveOptions): Promise<() => Promise<void>> {
  const attempt = (retries: number) =>
    lock(lockFile, {
      lockfilePath: lockFile,
      realpath: false,
      stale: staleMs,
      update: 5_000,
      retries: { retries, factor: 1, minTimeout: 250, maxTimeout: 250 },
      // Losing the lock needs a pause of this process of over 30 s; what is written is renamed into place, so it stays whole.
      onCompromised: () => undefined,
    });
  try {
    return await attempt(0);
  } catch (error) {
    if (!isLocked(error)) throw error;
  }
  options.report?.(options.waiting);
  try {
    return await attempt(Math.ceil(options.timeoutMs / 250));
  } catch (error) {
    if (!isLocked(error)) throw error;
    throw new TributaryError(
      'SERVER_FAILED',
      `Another process has held ${lockFile} for ${Math.round(options.timeoutMs / 1000)} s; end it, or remove that folder if no such process is left.`,
      { cause: error },
    );
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ELOCKED';
}
