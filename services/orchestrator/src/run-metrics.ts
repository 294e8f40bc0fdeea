import type { GenerationOutcome, RunState } from '@tributary/protocol';
import { type Db, deviceType, leaseQueue, listLeases, type RunRow } from '@tributary/run-store';
import type { Metrics } from '@tributary/telemetry';
import type { Roster } from './roster.js';

/** What Prometheus is told of runs and slots. */
export class RunMetrics {
  readonly #metrics: Metrics;
  /** When the generation before ended, and by what: until the next one makes a step. */
  readonly #recovering = new Map<string, { readonly sinceMs: number; readonly cause: string }>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  attemptStarted({ run, experiment, targetSteps, spec, attempt }: RunRow): void {
    const metrics = this.#metrics;
    metrics.keepRun(run);
    const { encoder, attention } = spec.model;
    const width = encoder.kind === 'transformer' ? encoder.width : encoder.hidden;
    const model = `${encoder.kind}-${width}x${encoder.layers}-${attention.kind}`;
    metrics.runInfo.set({ run_id: run, experiment, model, commit: process.env.TRIBUTARY_COMMIT ?? '' }, 1);
    metrics.runAttemptsTotal.inc({ run_id: run, reason: attempt === 1 ? 'launch' : 'resume' });
    metrics.runTargetSteps.set({ run_id: run }, targetSteps ?? spec.budget.steps);
    metrics.setRunState(run, 'queued');
  }

  leased(waitedMs: number): void {
    this.#metrics.queueWaitSeconds.observe(waitedMs / 1_000);
  }

  generationEnded(run: string, outcome: GenerationOutcome): void {
    if (outcome.kind === 'worker-lost' || outcome.kind === 'failed')
      this.#recovering.set(run, { sinceMs: Date.now(), cause: outcome.kind });
  }

  generationOpened(run: string, after: GenerationOutcome | null): void {
    this.#metrics.runGenerationsTotal.inc({ run_id: run, reason: after?.kind ?? 'launch' });
    this.#metrics.setRunState(run, 'running');
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

  /** Living workers, leased ones, and runs that wait, as they stand now. */
  async countSlots(db: Db, roster: Roster): Promise<void> {
    const [leases, queue] = await Promise.all([listLeases(db), leaseQueue(db)]);
    const held = new Set(leases.map((lease) => lease.worker));
    const { slots, slotsLeased, queueDepth } = this.#metrics;
    slots.reset();
    slotsLeased.reset();
    for (const { worker, device } of roster.living()) {
      const label = { device: deviceType(device.device) };
      slots.inc(label);
      slotsLeased.inc(label, held.has(worker) ? 1 : 0);
    }
    queueDepth.set(queue.length);
  }
}
