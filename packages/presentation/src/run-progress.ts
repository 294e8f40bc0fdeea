import type { RunEvent } from '@tributary/protocol';

type ProgressEvent = Extract<RunEvent, { kind: 'progress' }>;

/** Over how long the speed is measured that the time of arrival comes from. */
const speedWindowMs = 30_000;

/** What a run's live line shows. */
export interface ProgressView {
  readonly step: number;
  readonly targetSteps: number;
  /** Losses by task, in the order in which tasks were first seen. */
  readonly losses: ReadonlyMap<string, number>;
  readonly tokensPerSecond: number;
  /** Null until two steps have been seen. */
  readonly remainingMs: number | null;
  readonly phase: string;
  /** Compiled graphs before the first step; null in every other phase. */
  readonly tracing: { readonly done: number; readonly total: number; readonly graph: string } | null;
  readonly backend: string;
  readonly members: number;
}

/** Puts the progress of a run's members together. */
export class RunProgress {
  readonly #losses = new Map<string, number>();
  #seen: { readonly atMs: number; readonly step: number }[] = [];
  #newest: ProgressEvent | null = null;

  /** @param tasks in the order in which they are to be shown */
  constructor(tasks: readonly string[] = []) {
    for (const task of tasks) this.#losses.set(task, Number.NaN);
  }

  observe(event: ProgressEvent, atMs: number): void {
    const before = this.#newest;
    // A new generation may begin at an earlier step, at another speed.
    if (before !== null && (event.generation !== before.generation || event.attempt !== before.attempt))
      this.#seen = [];
    if (before !== null && event.attempt === before.attempt && event.generation < before.generation) return;
    for (const [task, loss] of Object.entries(event.losses)) this.#losses.set(task, loss);
    const step = Math.max(event.step, this.#seen.at(-1)?.step ?? 0);
    // Tracing comes before the first step and says nothing of the steps' speed.
    if (step !== this.#seen.at(-1)?.step && event.phase !== 'tracing') this.#seen.push({ atMs, step });
    while (this.#seen.length > 2 && (this.#seen[0]?.atMs ?? 0) < atMs - speedWindowMs) this.#seen.shift();
    this.#newest = event;
  }

  /** Null until a member has told anything. */
  view(): ProgressView | null {
    const event = this.#newest;
    if (event === null) return null;
    const step = Math.max(event.step, this.#seen.at(-1)?.step ?? 0);
    return {
      step,
      targetSteps: event.targetSteps,
      losses: new Map([...this.#losses].filter(([, loss]) => !Number.isNaN(loss))),
      tokensPerSecond: event.tokensPerSecond,
      remainingMs: this.#remainingMs(event.targetSteps - step),
      phase: event.phase,
      tracing: event.tracing ?? null,
      backend: event.backend,
      members: event.members,
    };
  }

  #remainingMs(steps: number): number | null {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    if (steps <= 0) return 0;
    if (first === undefined || last === undefined || last.step === first.step || last.atMs <= first.atMs) return null;
    return (steps * (last.atMs - first.atMs)) / (last.step - first.step);
  }
}
