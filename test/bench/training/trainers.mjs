import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SnapshotFolder } from '@tributary/checkpoints';
import { cpuSecondsOf } from '../shared/private-nats.mjs';
import { atEnd } from '../shared/run-bench.mjs';

const entry = fileURLToPath(new URL('../../../services/worker/dist/trainer-main.js', import.meta.url));

/** Those that an agent gives its trainers (services/worker/src/trainer-slot.ts). */
const nodeFlags = ['--max-semi-space-size=128', '--min-semi-space-size=64'];

const keptErrorLines = 12;

/**
 * The trainers of one generation, one process each, as their agents start them: the real ones, with compute thread, exchange,
 * optimizer and records.
 */
export class Trainers {
  #members;
  #failure = null;
  #waiting = new Set();
  #forget;

  /**
   * @param {{ nats: object, document: object, launchers?: ({ url?: string, command?: string[] } | undefined)[], environment?: object }} options
   *   launchers: by member, another address of NATS, and a command that runs Node.js (in another network namespace)
   */
  constructor({ nats, document, launchers = [], environment = {} }) {
    this.document = document;
    const [namespace] = nats.document.namespaces;
    this.#members = document.members.map(({ member, worker }) => {
      const { url = nats.url, command = [] } = launchers[member] ?? {};
      const [execPath, ...before] = [...command, process.execPath];
      const child = fork(entry, [], {
        execPath,
        execArgv: [...before, ...nodeFlags],
        serialization: 'advanced',
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: {
          ...process.env,
          ...environment,
          TRIBUTARY_NAMESPACE: namespace,
          TRIBUTARY_NATS_URL: url,
          TRIBUTARY_NATS_USER: nats.user,
          TRIBUTARY_NATS_PASSWORD_FILE: nats.passwordFile,
          TRIBUTARY_WORKER_NAME: worker,
          TRIBUTARY_DEVICE: 'cpu',
          TRIBUTARY_LOG_LEVEL: 'warn',
        },
      });
      const snapshots = new SnapshotFolder(
        SnapshotFolder.defaultRoot(namespace, worker, { ...process.env, TRIBUTARY_NATS_URL: url }),
      );
      const state = {
        member,
        child,
        snapshots,
        phase: 'starting',
        step: 0,
        atMs: [],
        cpuSeconds: 0,
        ending: null,
        words: [],
      };
      state.exited = new Promise((resolve) => child.once('exit', resolve));
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text) => {
          state.words.push(...String(text).split('\n').filter(Boolean));
          state.words.splice(0, state.words.length - keptErrorLines);
        });
      child.on('message', (message) => this.#onMessage(state, message));
      child.on('error', (error) => this.#fail(new Error(`trainer ${member}: ${error.message}`)));
      child.once('exit', (code, signal) => {
        if (state.ending === null)
          this.#fail(
            new Error(`trainer ${member} ended (${signal ?? code}) at step ${state.step}:\n${state.words.join('\n')}`),
          );
      });
      child.send({ kind: 'start', document, member });
      return state;
    });
    this.#forget = atEnd(async () => {
      this.#failure ??= new Error('the trainers were ended');
      for (const { child } of this.#members) child.kill('SIGKILL');
      await Promise.all(this.#members.map(({ exited }) => exited));
      await Promise.all(this.#members.map(({ snapshots }) => snapshots.drop(document.run)));
    });
  }

  /** The step that the slowest member has done. */
  get step() {
    return Math.min(...this.#members.map(({ step }) => step));
  }

  get cpuSeconds() {
    return this.#members.reduce((sum, { child }) => sum + cpuSecondsOf(child.pid), 0);
  }

  /** Processor seconds of all members up to their last change of phase; once they have ended, all but those of the last evaluation. */
  get cpuSecondsTold() {
    return this.#members.reduce((sum, state) => sum + state.cpuSeconds, 0);
  }

  /** Resolves once every member has done that step. */
  async reached(step) {
    await this.#until(() => this.step >= step);
  }

  /** When the slowest member told that it had done a step, ms (performance.now()). */
  doneAtMs(step) {
    return Math.max(...this.#members.map(({ atMs }) => atMs[step] ?? Number.NaN));
  }

  /** Resolves with the endings of all members; one that failed is an error with its reason. */
  async ended() {
    await this.#until(() => this.#members.every(({ ending }) => ending !== null));
    const failed = this.#members.find(({ ending }) => ending.outcome === 'failed');
    if (failed)
      throw new Error(`trainer ${failed.member} failed at step ${failed.ending.step}: ${failed.ending.reason}`);
    await Promise.all(this.#members.map(({ exited }) => exited));
    await this.#forget();
  }

  /** Stops the processes where they are; another contestant has the processors. */
  pause() {
    for (const { child } of this.#members) child.kill('SIGSTOP');
  }

  goOn() {
    for (const { child } of this.#members) child.kill('SIGCONT');
  }

  kill() {
    return this.#forget();
  }

  #onMessage(state, message) {
    if (message.kind === 'ended') {
      state.ending = message.ending;
      // It would wait for another generation.
      state.child.disconnect();
    } else if (message.kind === 'snapshot') this.#keep(state, message);
    else if (message.kind === 'status') {
      if (message.step > state.step) state.atMs[message.step] = performance.now();
      state.step = message.step;
      // Before it ends, and with it its accounts.
      if (state.phase !== message.phase) state.cpuSeconds = cpuSecondsOf(state.child.pid);
      state.phase = message.phase;
    }
    this.#wake();
  }

  /** As its agent does, but without a copy at another worker. */
  #keep({ child, snapshots }, { generation, step }) {
    snapshots
      .keepNewest(this.document.run, 1)
      .then(() => child.connected && child.send({ kind: 'snapshot-kept', generation, step }))
      .catch((error) => this.#fail(error));
  }

  #fail(error) {
    this.#failure ??= error;
    this.#wake();
  }

  #wake() {
    for (const wake of [...this.#waiting]) wake();
  }

  #until(condition) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#failure !== null) reject(this.#failure);
        else if (condition()) resolve();
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
