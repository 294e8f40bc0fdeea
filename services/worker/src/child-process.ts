import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a child ended, in words. */
export function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `was ended by ${signal}` : `exited with code ${code}`;
}

const crashSignals: readonly string[] = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE'];

/** Whether a process ended by itself, not by a signal from outside. */
export function isCrash(code: number | null, signal: NodeJS.Signals | null): boolean {
  return signal === null ? code !== null : crashSignals.includes(signal);
}

/** A child of the agent that speaks over an IPC channel; `entry` is a module beside this one. */
export class AgentChild<To extends object, From extends object> {
  readonly process: ChildProcess;
  readonly exited: Promise<string>;

  /** @param nodeFlags options of its Node.js process */
  constructor(
    entry: string,
    env: NodeJS.ProcessEnv,
    onMessage: (message: From) => void,
    nodeFlags: readonly string[] = [],
  ) {
    this.process = fork(fileURLToPath(new URL(entry, import.meta.url)), [], {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      execArgv: [...process.execArgv, ...nodeFlags],
    });
    this.process.on('message', (message) => onMessage(message as From));
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => resolve(exitReason(code, signal)));
      // Also a message or signal that did not reach a living child is told here; only one that never lived has no pid.
      this.process.on('error', (error) => {
        if (this.process.pid === undefined) resolve(`could not be started: ${String(error)}`);
      });
    });
  }

  /** A message to a child that is about to end is lost. */
  send(message: To): void {
    if (this.process.connected) this.process.send(message);
  }

  /** Ends the child at once and waits until it is gone. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}
