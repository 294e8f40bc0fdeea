import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackFolder } from './stack-folder.js';
import { stopTestServers } from './test-servers.js';

function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(' Z ') === false;
  } catch {
    return false;
  }
}

/** Notes that this test process may use the shared servers until {@link leaveTestServers}. */
export function joinTestServers(): void {
  const folder = join(stackFolder(), 'users');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, String(process.pid)), '');
}

/** Stops the shared servers if no other test process lives and TRIBUTARY_KEEP_TEST_SERVERS is not 1. */
export async function leaveTestServers(): Promise<void> {
  const folder = join(stackFolder(), 'users');
  rmSync(join(folder, String(process.pid)), { force: true });
  let others = 0;
  for (const name of readdirSync(folder)) {
    if (isRunning(Number(name))) others += 1;
    else rmSync(join(folder, name), { force: true });
  }
  if (others === 0 && process.env['TRIBUTARY_KEEP_TEST_SERVERS'] !== '1') await stopTestServers();
}
