import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where files lie until they are whole, named `<process>-<random>`; no run begins with a dot. */
export const incomingFolder = '.incoming';
const abandonedAfterMs = 3_600_000;

/** Removes what killed writers left half written: files of processes that are gone, and of any that took an hour. */
export async function sweepIncoming(root: string): Promise<void> {
  const folder = join(root, incomingFolder);
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw cause;
  });
  for (const name of names) {
    const file = join(folder, name);
    const written = await stat(file).catch(() => null);
    if (written === null) continue;
    if (!lives(Number.parseInt(name, 10)) || Date.now() - written.mtimeMs > abandonedAfterMs)
      await rm(file, { recursive: true, force: true });
  }
}

function lives(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
