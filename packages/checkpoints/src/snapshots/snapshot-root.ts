import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const memoryFolder = '/dev/shm';
const leastFreeBytes = 256 * 1024 * 1024;
const leastFreeShare = 0.25;

/** The room of a file system, as `statfs` tells it. */
export interface FileSystemRoom {
  readonly bsize: number;
  readonly blocks: number;
  readonly bavail: number;
}

/** At least 256 MiB and a quarter of it free. */
export function hasRoom({ bsize, blocks, bavail }: FileSystemRoom): boolean {
  return bavail * bsize >= leastFreeBytes && bavail >= blocks * leastFreeShare;
}

/**
 * Where a worker keeps its snapshots: the folder that `TRIBUTARY_SNAPSHOT_DIR` names, else one in memory where that has room,
 * else one among the temporary files. The same for every process of a worker; another for each user, NATS server, namespace
 * and worker.
 */
export function defaultSnapshotRoot(namespace: string, worker: string, env: NodeJS.ProcessEnv): string {
  const named = env.TRIBUTARY_SNAPSHOT_DIR;
  if (named !== undefined && named !== '') return join(named, namespace, worker);
  const installation = createHash('sha256')
    .update(JSON.stringify([userInfo().uid, env.TRIBUTARY_NATS_URL ?? '']))
    .digest('hex')
    .slice(0, 12);
  const below = (folder: string): string => join(folder, `tributary-${installation}`, namespace, worker);
  // A folder that is there stays the one: room comes and goes, and a trainer must find its agent's.
  const inMemory = below(memoryFolder);
  return existsSync(inMemory) || takesSnapshots(memoryFolder) ? inMemory : below(tmpdir());
}

function takesSnapshots(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return hasRoom(statfsSync(folder));
  } catch {
    return false;
  }
}
