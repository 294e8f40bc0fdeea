/** Share of a step's longest gap in the running mean. */
const smoothing = 0.25;

/**
 * Fires when nothing has come for a while: after `quietMs`, or after twice the gap that is usual within a step where that is
 * longer; then after twice as long each time until something comes. Never later than eight times `quietMs`.
 */
export class QuietTimer {
  readonly #onQuiet: () => void;
  readonly #quietMs: number;
  #timer: NodeJS.Timeout | null = null;
  #intervalMs: number;
  #lastAt = 0;
  /** Mean over steps of the longest gap in a step without loss: lanes compute, links are slow. */
  #usualGapMs = 0;
  #longestGapMs = 0;
  #fired = false;
  /** Counts starts: a check that was under way when the step ended does nothing. */
  #turn = 0;

  constructor(quietMs: number, onQuiet: () => void) {
    this.#quietMs = quietMs;
    this.#intervalMs = quietMs;
    this.#onQuiet = onQuiet;
  }

  start(): void {
    this.#fired = false;
    this.#longestGapMs = 0;
    this.#lastAt = performance.now();
    this.#intervalMs = this.#patienceMs;
    this.#turn += 1;
    this.#arm(this.#turn, this.#intervalMs);
  }

  /** Cheap: called for every message. */
  progress(): void {
    const now = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastAt);
    this.#lastAt = now;
    this.#intervalMs = this.#patienceMs;
  }

  /** Ends the step. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#turn += 1;
    if (!this.#fired) this.#usualGapMs += smoothing * (this.#longestGapMs - this.#usualGapMs);
  }

  get #patienceMs(): number {
    return Math.min(Math.max(this.#quietMs, 2 * this.#usualGapMs), 8 * this.#quietMs);
  }

  #arm(turn: number, ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(turn), ms);
  }

  #check(turn: number): void {
    if (turn !== this.#turn) return;
    const waitedFrom = this.#lastAt;
    const leftMs = this.#intervalMs - (performance.now() - waitedFrom);
    if (leftMs > 0) {
      this.#arm(turn, Math.max(1, leftMs));
      return;
    }
    // Timers run before sockets are read: on a busy machine what was missed may lie there already.
    setImmediate(() => {
      if (turn !== this.#turn) return;
      if (this.#lastAt === waitedFrom) {
        this.#intervalMs = Math.min(this.#intervalMs * 2, this.#quietMs * 8);
        this.#lastAt = performance.now();
        this.#fired = true;
        this.#onQuiet();
      }
      if (turn === this.#turn) this.#arm(turn, this.#intervalMs);
    });
  }
}
