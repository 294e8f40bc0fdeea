import { isResting, type RunId, type RunTimeDocument } from '@tributary/protocol';
import { commitsOf, type Db, type RunRow, recordGenerationTime, runsNamed, runTimesOf } from '@tributary/run-store';
import type { Metrics } from '@tributary/telemetry';
import type { GenerationClocks } from './generation-clocks.js';
import type { HeldRuns } from './held-runs.js';

export interface RunGaugesDeps {
  readonly db: Db;
  readonly metrics: Metrics;
  readonly clocks: GenerationClocks;
  readonly held: HeldRuns;
}

/** What each active run is, where it stands and what its time went to, as the run-store has it: a restart forgets nothing. */
export class RunGauges {
  readonly #deps: RunGaugesDeps;
  /** The commit that stands in `run_info`, by run. */
  readonly #commits = new Map<string, string>();
  /** What the counters say, by run. */
  readonly #counted = new Map<string, RunTimeDocument>();

  constructor(deps: RunGaugesDeps) {
    this.#deps = deps;
  }

  /** Writes what the running generations' time went to, then tells of every run that this process holds. */
  async refresh(): Promise<void> {
    const { db, clocks, held, metrics } = this.#deps;
    const runs = held.held();
    for (const time of clocks.times())
      if (runs.has(time.run)) await recordGenerationTime(db, time);
      else clocks.forget(time.run);
    const rows = await runsNamed(db, [...runs]);
    const active = rows.filter(({ state }) => !isResting(state));
    // One that came to rest while it was told of.
    for (const { run, state } of rows) if (isResting(state) && this.#commits.has(run)) metrics.setRunState(run, state);
    const names = active.map(({ run }) => run);
    for (const run of this.#commits.keys()) if (!names.includes(run as RunId)) this.#retire(run);
    const [commits, times] = await Promise.all([commitsOf(db, names), runTimesOf(db, names)]);
    for (const row of active) {
      this.#describe(row, commits.get(row.run) ?? 'unknown');
      const time = times.get(row.run);
      if (time !== undefined) this.#count(row.run, time);
    }
  }

  /** The last word on a run's time, before its series go. */
  async conclude(run: string): Promise<void> {
    const time = (await runTimesOf(this.#deps.db, [run])).get(run);
    if (time !== undefined) this.#count(run, time);
    this.#retire(run);
  }

  #describe({ run, experiment, state, targetSteps, spec }: RunRow, commit: string): void {
    const { metrics } = this.#deps;
    const { encoder, attention } = spec.model;
    const width = encoder.kind === 'transformer' ? encoder.width : encoder.hidden;
    const model = `${encoder.kind}-${width}x${encoder.layers}-${attention.kind}`;
    const labels = { run_id: run, experiment, model };
    const before = this.#commits.get(run);
    if (before !== undefined && before !== commit) metrics.runInfo.remove({ ...labels, commit: before });
    this.#commits.set(run, commit);
    metrics.keepRun(run);
    metrics.runInfo.set({ ...labels, commit }, 1);
    metrics.setRunState(run, state);
    metrics.runTargetSteps.set({ run_id: run }, targetSteps ?? spec.budget.steps);
  }

  #count(run: string, now: RunTimeDocument): void {
    const { goodputSecondsTotal, badputSecondsTotal, lostStepsTotal } = this.#deps.metrics;
    const before = this.#counted.get(run);
    const grown = (after: number, earlier = 0): number => Math.max(0, after - earlier);
    goodputSecondsTotal.inc({ run_id: run }, grown(now.goodputSeconds, before?.goodputSeconds));
    for (const [cause, seconds] of entries(now.badputSeconds))
      badputSecondsTotal.inc({ run_id: run, cause }, grown(seconds, before?.badputSeconds[cause]));
    for (const [cause, steps] of entries(now.lostSteps))
      lostStepsTotal.inc({ run_id: run, cause }, grown(steps, before?.lostSteps[cause]));
    // What is fitted to an end may shrink by a moment: a counter never does.
    this.#counted.set(run, before === undefined ? now : larger(before, now));
  }

  /** It is at rest, or another orchestrator speaks for it. */
  #retire(run: string): void {
    this.#commits.delete(run);
    this.#counted.delete(run);
    this.#deps.metrics.retireRun(run);
  }
}

function entries<K extends string>(record: Readonly<Partial<Record<K, number>>>): [K, number][] {
  return Object.entries(record) as [K, number][];
}

function larger(before: RunTimeDocument, now: RunTimeDocument): RunTimeDocument {
  const each = <K extends string>(
    a: Readonly<Partial<Record<K, number>>>,
    b: Readonly<Partial<Record<K, number>>>,
  ): Partial<Record<K, number>> =>
    Object.fromEntries(
      [...new Set([...entries(a), ...entries(b)].map(([key]) => key))].map((key) => [
        key,
        Math.max(a[key] ?? 0, b[key] ?? 0),
      ]),
    ) as Partial<Record<K, number>>;
  return {
    seconds: Math.max(before.seconds, now.seconds),
    goodputSeconds: Math.max(before.goodputSeconds, now.goodputSeconds),
    badputSeconds: each(before.badputSeconds, now.badputSeconds),
    lostSteps: each(before.lostSteps, now.lostSteps),
  };
}
