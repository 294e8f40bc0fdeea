/**
 * A contestant is a process of its own. It takes a job as its last argument, reports once when its first step is done, then takes
 * steps on request and reports their times: lines of JSON both ways. Between requests it waits without using the processor.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const keptErrorLines = 12;

export class Contestant {
  #process;
  #replies;
  #errors = [];
  #ended;

  constructor(command, job, environment) {
    const [file, ...args] = command;
    this.#process = spawn(file, [...args, JSON.stringify(job)], {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('close', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
    });
    this.#process.stdin.on('error', () => undefined);
    createInterface({ input: this.#process.stderr }).on('line', (line) => {
      this.#errors.push(line);
      if (this.#errors.length > keptErrorLines) this.#errors.shift();
    });
    this.#replies = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The next report; a contestant that ended instead is an error with its last words. */
  async next() {
    for (;;) {
      const { value, done } = await this.#replies.next();
      if (done) throw new Error(`${await this.#ended}: ${this.#errors.join('\n') || 'it said nothing'}`);
      // Libraries print lines of their own.
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }

  /** @returns {Promise<{ ms: number[], loss: number, cpu_ms: number }>} wall time of each, last loss, processor time of one on average */
  steps(count) {
    return this.ask({ steps: count });
  }

  /** Sends one request; resolves to the report that answers it. */
  ask(request) {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.next();
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves to how it ended, in words. */
  get ended() {
    return this.#ended;
  }

  /** Ends it at once. */
  kill() {
    this.#process.kill('SIGKILL');
  }

  async end() {
    this.#process.stdin.end();
    await this.#ended;
  }
}

/**
 * The side of a contestant in JavaScript: `step` takes one optimizer step and resolves to its loss.
 * @param {() => Promise<number>} step
 */
export async function compete(about, step) {
  const report = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);
  const { startedMs, ...rest } = about;
  const loss = await step();
  report({ ...rest, loss, first_step_s: (performance.now() - startedMs) / 1000 });
  for await (const line of createInterface({ input: process.stdin })) {
    const ms = [];
    let last = 0;
    const before = process.cpuUsage();
    for (let left = JSON.parse(line).steps; left > 0; left--) {
      const began = performance.now();
      last = await step();
      ms.push(performance.now() - began);
    }
    const { user, system } = process.cpuUsage(before);
    report({ ms, loss: last, cpu_ms: (user + system) / 1000 / ms.length });
  }
}
