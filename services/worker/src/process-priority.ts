import { readdirSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Bit of CAP_SYS_NICE, which allows to take a lower priority back. */
const niceCapability = 23n;

/** Whether this process may raise its priority again once it has lowered it: as root, or with a limit that allows it. */
export function mayRaisePriority(): boolean {
  try {
    const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    if (((BigInt(`0x${capabilities}`) >> niceCapability) & 1n) === 1n) return true;
    const limit = /^Max nice priority\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '0';
    return Number(limit) >= 20;
  } catch {
    return false;
  }
}

/** Sets the priority of all threads of this process: to the system each is a process of its own. */
export function setOwnPriority(priority: 'low' | 'normal'): void {
  const value = priority === 'low' ? constants.priority.PRIORITY_BELOW_NORMAL : constants.priority.PRIORITY_NORMAL;
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      setPriority(Number(thread), value);
    } catch {
      // The thread has just ended.
    }
  }
}
