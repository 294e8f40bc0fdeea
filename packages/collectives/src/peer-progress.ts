const askEveryMs = 100;

/** The newest step in which each other member was seen. */
export class PeerProgress {
  readonly #self: number;
  readonly #steps: number[];
  readonly #heardAt: number[];
  #onSeen: (() => void) | null = null;

  constructor(self: number, size: number) {
    this.#self = self;
    this.#steps = new Array<number>(size).fill(-1);
    this.#heardAt = new Array<number>(size).fill(0);
  }

  /** True at the first sign of this peer. */
  seen(peer: number, step: number, leaving: boolean): boolean {
    const first = this.#heardAt[peer] === 0;
    this.#heardAt[peer] = performance.now();
    this.#steps[peer] = leaving ? Number.POSITIVE_INFINITY : Math.max(this.#steps[peer] as number, step);
    this.#onSeen?.();
    return first;
  }

  /** Resolves once every peer was seen in `step` or later, has left, or is silent for `quietMs` though asked. */
  reached(step: number, quietMs: number, ask: (peer: number) => void): Promise<void> {
    const began = performance.now();
    const behind = (): number[] =>
      this.#steps.flatMap((at, peer) => {
        const quiet = performance.now() - Math.max(began, this.#heardAt[peer] as number) >= quietMs;
        return peer === this.#self || at >= step || quiet ? [] : [peer];
      });
    if (behind().length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const askAll = (): void => {
        for (const peer of behind()) ask(peer);
        check();
      };
      const timer = setInterval(askAll, askEveryMs);
      const check = (): void => {
        if (behind().length > 0) return;
        clearInterval(timer);
        this.#onSeen = null;
        resolve();
      };
      this.#onSeen = check;
      askAll();
    });
  }
}
