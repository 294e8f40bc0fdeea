/** Amount a second over the last `window` additions: steady enough to read, quick enough to follow. */
export class RollingRate {
  readonly #window: number;
  readonly #entries: { readonly atMs: number; readonly amount: number }[] = [];

  constructor(window: number) {
    this.#window = window;
  }

  /** Counts from here, unless it counts already. */
  begin(atMs: number): void {
    if (this.#entries.length === 0) this.add(atMs, 0);
  }

  add(atMs: number, amount: number): void {
    this.#entries.push({ atMs, amount });
    if (this.#entries.length > this.#window) this.#entries.shift();
  }

  /** 0 until two additions are known. */
  perSecond(): number {
    const first = this.#entries[0];
    const last = this.#entries.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return 0;
    const amount = this.#entries.slice(1).reduce((sum, entry) => sum + entry.amount, 0);
    return (amount / (last.atMs - first.atMs)) * 1_000;
  }
}
