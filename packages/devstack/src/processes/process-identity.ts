import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process beyond doubt: its pid, when it started, and in which boot. A reused pid has another start. */
export interface ProcessIdentity {
  readonly pid: number;
  /** On Linux: clock ticks since boot and the boot's id. Elsewhere what ps says. */
  readonly started: string;
}

/** @returns undefined when no such process runs (a zombie whose threads have all ended does not). */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? linuxStart(pid) : portableStart(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

interface ProcStat {
  readonly state: string;
  readonly parent: number;
  readonly startTicks: string;
}

function readStat(pid: number): ProcStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything, also spaces and parentheses; fields 3 and on follow the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? 'X', parent: Number(fields[1]), startTicks: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

function linuxStart(pid: number): string | undefined {
  const stat = readStat(pid);
  if (stat === undefined || stat.state === 'X' || (stat.state === 'Z' && !hasOtherThreads(pid))) return undefined;
  return `${stat.startTicks}@${bootId()}`;
}

/** A killed process is a zombie while its other threads still end; until the last has, its ports and files are taken. */
function hasOtherThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

function portableStart(pid: number): string | undefined {
  try {
    const said = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return said === '' || said.startsWith('Z') ? undefined : said.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

function allPids(): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The processes below `pid`, at any depth. Linux only; elsewhere none. */
export function descendants(pid: number): ProcessIdentity[] {
  const children = new Map<number, number[]>();
  for (const candidate of allPids()) {
    const parent = readStat(candidate)?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), candidate]);
  }
  const found: number[] = [];
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    open.push(...below);
  }
  return found.map(identify).filter((identity) => identity !== undefined);
}

/** The processes whose environment, at their start, held `variable=value`. Linux only; elsewhere none. */
export function withEnvironment(variable: string, value: string): ProcessIdentity[] {
  const wanted = `\0${variable}=${value}\0`;
  return allPids()
    .filter((pid) => {
      try {
        return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}\0`.includes(wanted);
      } catch {
        return false;
      }
    })
    .map(identify)
    .filter((identity) => identity !== undefined);
}
