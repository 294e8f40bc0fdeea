import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const services = resolve(import.meta.dirname, '../../services');

/** One of our services as a real process; what it prints goes to this test's output. */
export class ServiceProcess {
  readonly name: string;
  readonly #service: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess;

  constructor(name: string, service: 'orchestrator' | 'recorder' | 'api' | 'worker', env: NodeJS.ProcessEnv) {
    this.name = name;
    this.#service = service;
    this.#env = env;
    this.#child = this.#spawn();
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Rejects once the process has ended. */
  async untilExit(): Promise<never> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done));
    throw new Error(`${this.name} ended early with ${child.signalCode ?? `code ${child.exitCode}`}`);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await exited;
  }

  async killAndRestart(): Promise<void> {
    await this.kill('SIGKILL');
    this.#child = this.#spawn();
  }

  #spawn(): ChildProcess {
    const child = spawn(process.execPath, ['--enable-source-maps', resolve(services, this.#service, 'dist/main.js')], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: this.#env,
    });
    // A test process that is killed leaves no one behind.
    process.once('exit', () => child.kill('SIGKILL'));
    return child;
  }
}
