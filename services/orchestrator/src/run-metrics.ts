import { recoveryCause } from '@tributary/planner';
import type { GenerationOutcome, RunState } from '@tributary/protocol';
import type { RunRow } from '@tributary/run-store';
import type { Metrics } from '@tributary/telemetry';

/** What Prometheus is told of runs as it happens; {@link RunGauges} keeps what is to be said of a run at any time. */
export class RunMetrics {
  readonly #metrics: Metrics;
  /** When the last step was done before the generation was lost, and to what: until the next one makes a step. */
  readonly #recovering = new Map<string, { readonly sinceMs: number; readonly cause: string }>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  attemptStarted({ run, attempt }: RunRow): void {
    this.#metrics.keepRun(run);
    this.#metrics.runAttemptsTotal.inc({ run_id: run, reason: attempt === 1 ? 'launch' : 'resume' });
    this.#metrics.setRunState(run, 'queued');
  }

  leased(device: string, waitedMs: number): void {
    this.#metrics.queueWaitSeconds.observe({ device }, waitedMs / 1_000);
  }

  generationOpened(run: string, after: GenerationOutcome | null): void {
    this.#metrics.runGenerationsTotal.inc({ run_id: run, reason: after?.kind ?? 'launch' });
    this.#metrics.setRunState(run, 'running');
  }

  /** @param lastStepMs when it made its last step; null: it made none, or that is not known */
  generationEnded(run: string, outcome: GenerationOutcome, lastStepMs: number | null): void {
    const cause = recoveryCause(outcome);
    if (cause === null) return;
    // A loss before the first step prolongs the recovery from the one before.
    const sinceMs = lastStepMs ?? this.#recovering.get(run)?.sinceMs ?? Date.now();
    this.#recovering.set(run, { sinceMs, cause });
  }

  recovering(run: string): void {
    this.#metrics.setRunState(run, 'recovering');
  }

  /** A generation has done its first step. */
  firstStep(run: string): void {
    const since = this.#recovering.get(run);
    this.#recovering.delete(run);
    if (since !== undefined)
      this.#metrics.recoveryDurationSeconds.observe({ cause: since.cause }, (Date.now() - since.sinceMs) / 1_000);
  }

  ended(run: string, state: RunState, code: string | null): void {
    this.#recovering.delete(run);
    this.#metrics.setRunState(run, state);
    this.#metrics.runsFinishedTotal.inc({ outcome: state, reason: code ?? '' });
    this.#metrics.retireRun(run);
  }
}
