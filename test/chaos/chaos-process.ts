import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '@tributary/devstack';

export interface ChaosProcessOptions {
  readonly name: string;
  readonly service: 'orchestrator' | 'recorder' | 'api' | 'worker';
  readonly env: Readonly<Record<string, string>>;
  /** Goes before the command, to run it elsewhere. */
  readonly prefix?: readonly string[];
  readonly logFile: string;
}

/** One service of a stack under faults, its output in its log file; it can be killed, stopped and started again. */
export class ChaosProcess {
  readonly name: string;
  readonly #options: ChaosProcessOptions;
  #child: ChildProcess | null = null;

  constructor(options: ChaosProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | null {
    return this.running ? (this.#child?.pid ?? null) : null;
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Does nothing where it runs. @param env beside its usual environment, for this start alone */
  start(env: Readonly<Record<string, string>> = {}): void {
    if (this.running) return;
    const { service, prefix = [], logFile } = this.#options;
    const root = repositoryRoot();
    const [file, ...args] = [
      ...prefix,
      process.execPath,
      '--enable-source-maps',
      '--import',
      pathToFileURL(join(root, 'test/chaos/clock-jump.mjs')).href,
      join(root, 'services', service, 'dist/main.js'),
    ];
    const log = openSync(logFile, 'a');
    try {
      this.#child = spawn(file as string, args, {
        stdio: ['ignore', log, log],
        env: { ...process.env, ...this.#options.env, ...env },
      });
    } finally {
      closeSync(log);
    }
    const child = this.#child;
    child.once('error', () => undefined);
  }

  /** Resolves once the process has ended. */
  async exited(): Promise<void> {
    const child = this.#child;
    if (child !== null && this.running) await new Promise((done) => child.once('exit', done));
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    const ended = this.exited();
    this.#child?.kill(signal);
    await ended;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child?.kill(signal);
  }
}

/** What /proc knows of the children of a process, oldest first. */
export function childrenOf(pid: number): { readonly pid: number; readonly command: string }[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === ''
      ? []
      : text.split(' ').map((child) => ({ pid: Number(child), command: commandOf(Number(child)) }));
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
