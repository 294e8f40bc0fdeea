import { Contestant } from '../engine/contestant.mjs';
import { atEnd } from './run-bench.mjs';

/** Processes that do the same thing together; each answers every request. */
export class ProcessGroup {
  #members;
  #ended;
  #forget;

  /** @param {{ command: string[], job: object, environment?: object }[]} members */
  constructor(members) {
    this.#members = members.map(({ command, job, environment }) => new Contestant(command, job, environment ?? {}));
    this.#forget = atEnd(async () => {
      this.#ended = true;
      for (const member of this.#members) member.kill();
      await Promise.all(this.#members.map((member) => member.ended));
    });
  }

  get pids() {
    return this.#members.map(({ pid }) => pid);
  }

  /** The next line of each. */
  next() {
    return this.#together((member) => member.next());
  }

  /** Sends one request to all; resolves to their answers. The first that fails ends all. */
  ask(request) {
    return this.#together((member) => member.ask(request));
  }

  async #together(what) {
    try {
      return await Promise.all(this.#members.map(what));
    } catch (error) {
      // The others wait for it for ever.
      if (!this.#ended) await this.#forget();
      throw error;
    }
  }

  /** Lets them end in their own time. */
  async end() {
    await Promise.all(this.#members.map((member) => member.end()));
    await this.#forget();
  }

  kill() {
    return this.#forget();
  }
}
