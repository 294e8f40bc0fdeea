import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** State and parent of a process; null where it is gone. */
function statOf(pid: string): { readonly state: string; readonly parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: state as string, parent: Number(parent) };
  } catch {
    return null;
  }
}

/** Notes in `folder` that this process uses the shared servers, until it ends or {@link forgetThisProcess}. */
export function noteThisProcess(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, String(process.pid)), '');
}

export function forgetThisProcess(folder: string): void {
  rmSync(join(folder, String(process.pid)), { force: true });
}

/** Whether a process other than this one and its children uses the shared servers. */
export function othersUseTestServers(folder: string): boolean {
  let others = false;
  mkdirSync(folder, { recursive: true });
  for (const pid of readdirSync(folder)) {
    const stat = statOf(pid);
    if (stat === null || stat.state === 'Z') rmSync(join(folder, pid), { force: true });
    else if (stat.parent !== process.pid && pid !== String(process.pid)) others = true;
  }
  return others;
}
