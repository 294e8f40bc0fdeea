import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';

/** The cache folder, as devstack chooses it. */
export function cacheFolder(): string {
  const named = process.env.TRIBUTARY_CACHE_DIR;
  if (named !== undefined && named !== '') return named;
  const xdg = process.env.XDG_CACHE_HOME;
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.cache'), 'tributary');
}

/** Where the test servers keep their data, logs and state. */
export function stackFolder(): string {
  return join(cacheFolder(), 'test-stack');
}

/** Runs `work` while no other process starts or stops the test servers. */
export async function exclusively<T>(work: () => Promise<T>): Promise<T> {
  await mkdir(stackFolder(), { recursive: true, mode: 0o700 });
  const release = await lock(stackFolder(), {
    lockfilePath: join(stackFolder(), 'lock'),
    stale: 30_000,
    update: 5_000,
    retries: { retries: 2_400, factor: 1, minTimeout: 100, maxTimeout: 100 },
  });
  try {
    return await work();
  } finally {
    await release();
  }
}
