/**
 * How long another process has been silent, by a clock that stands still while this process does: an agent that was stopped
 * itself must not blame its trainer.
 */
export class SilenceClock {
  readonly #now: () => number;
  readonly #longestTickMs: number;
  #silentMs = 0;
  #tickedAt: number;

  /** @param longestTickMs what counts at most between two looks at the clock; look at it a few times as often */
  constructor(longestTickMs: number, now: () => number = () => performance.now()) {
    this.#longestTickMs = longestTickMs;
    this.#now = now;
    this.#tickedAt = now();
  }

  /** The other process spoke. */
  heard(): void {
    this.#silentMs = 0;
    this.#tickedAt = this.#now();
  }

  /** Milliseconds of silence; to be called regularly. */
  tick(): number {
    const now = this.#now();
    this.#silentMs += Math.min(now - this.#tickedAt, this.#longestTickMs);
    this.#tickedAt = now;
    return Math.round(this.#silentMs);
  }
}
