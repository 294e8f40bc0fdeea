/** Fires when nothing has come for a while: after `quietMs`, then twice as long each time, up to eight times, until something comes. */
export class QuietTimer {
  readonly #onQuiet: () => void;
  #timer: NodeJS.Timeout | null = null;
  readonly #quietMs: number;
  #intervalMs: number;
  #lastAt = 0;

  constructor(quietMs: number, onQuiet: () => void) {
    this.#quietMs = quietMs;
    this.#intervalMs = quietMs;
    this.#onQuiet = onQuiet;
  }

  start(): void {
    this.progress();
    this.#timer ??= setTimeout(() => this.#check(), this.#quietMs);
  }

  /** Cheap: called for every message. */
  progress(): void {
    this.#lastAt = performance.now();
    this.#intervalMs = this.#quietMs;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #check(): void {
    const quietMs = performance.now() - this.#lastAt;
    let nextMs = this.#intervalMs - quietMs;
    if (nextMs <= 0) {
      this.#intervalMs = Math.min(this.#intervalMs * 2, this.#quietMs * 8);
      this.#lastAt = performance.now();
      this.#onQuiet();
      nextMs = this.#intervalMs;
    }
    this.#timer = setTimeout(() => this.#check(), Math.max(1, nextMs));
  }
}
