/** Between two activities of a run there are seconds at most. */
const keptMs = 60_000;

/** The runs whose activities this process has: one orchestrator of several speaks for each. */
export class HeldRuns {
  readonly #activities = new Map<string, number>();
  readonly #releasedAtMs = new Map<string, number>();

  /** While an activity of the run goes on; returns how to end that. */
  hold(run: string): () => void {
    this.#activities.set(run, (this.#activities.get(run) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#activities.get(run) ?? 1) - 1;
      if (left > 0) this.#activities.set(run, left);
      else this.#activities.delete(run);
      this.#releasedAtMs.set(run, Date.now());
    };
  }

  /** Runs that have an activity here, or had one a moment ago. */
  held(nowMs = Date.now()): Set<string> {
    for (const [run, atMs] of this.#releasedAtMs) if (nowMs - atMs > keptMs) this.#releasedAtMs.delete(run);
    return new Set([...this.#activities.keys(), ...this.#releasedAtMs.keys()]);
  }
}
