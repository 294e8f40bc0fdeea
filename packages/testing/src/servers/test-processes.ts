import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackFolder } from './stack-folder.js';

const usersFolder = (): string => join(stackFolder(), 'users');

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

/** Notes that this process uses the shared servers, until it ends or {@link forgetThisProcess}. */
export function noteThisProcess(): void {
  mkdirSync(usersFolder(), { recursive: true });
  writeFileSync(join(usersFolder(), String(process.pid)), '');
}

export function forgetThisProcess(): void {
  rmSync(join(usersFolder(), String(process.pid)), { force: true });
}

/** Whether a process other than this one and its children uses the shared servers. */
export function othersUseTestServers(): boolean {
  let others = false;
  mkdirSync(usersFolder(), { recursive: true });
  for (const pid of readdirSync(usersFolder())) {
    const stat = statOf(pid);
    if (stat === null || stat.state === 'Z') rmSync(join(usersFolder(), pid), { force: true });
    else if (stat.parent !== process.pid && pid !== String(process.pid)) others = true;
  }
  return others;
}
