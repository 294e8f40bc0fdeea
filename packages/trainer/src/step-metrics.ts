import type { StepResult } from '@tributary/collectives';
import { type RunFile, stepsOfExchange } from '@tributary/config';
import type { Metrics } from '@tributary/telemetry';
import type { LaneShare } from './compute-messages.js';
import type { MemberPlan } from './member-plan.js';
import { cosinesOfStep } from './step-points.js';

export interface StepMetricsOptions {
  readonly document: { readonly run: string };
  readonly spec: RunFile;
  readonly plan: MemberPlan;
}

/** What Prometheus hears of steps. */
export class StepMetrics {
  readonly #options: StepMetricsOptions;
  readonly #metrics: Metrics;

  constructor(options: StepMetricsOptions, metrics: Metrics) {
    this.#options = options;
    this.#metrics = metrics;
  }

  /** This member's part. */
  observe(
    result: StepResult,
    seconds: { readonly step: number; readonly data: number },
    shares: readonly LaneShare[],
  ): void {
    const { document, spec, plan } = this.#options;
    this.#metrics.observeStep({
      run: document.run,
      experiment: spec.experiment,
      step: result.step,
      seconds: seconds.step,
      dataSeconds: seconds.data,
      phasesMs: result.phasesMs,
      exposedMs: result.exposedMs,
      bytesSent: result.bytesSent,
      bytesReceived: result.bytesReceived,
      codec: spec.sync.codec,
      tasks: shares.map(({ lane, microbatches }) => ({
        task: plan.lanes[lane]?.task ?? '',
        loss: result.losses[lane] ?? Number.NaN,
        tokens: result.tokens[lane] ?? 0,
        samples: spec.batch.size * microbatches * stepsOfExchange(spec.sync),
      })),
    });
    this.#metrics.workerStepSeconds.set({ worker: plan.member.worker }, seconds.step);
  }

  /** What the whole run has once; for its first member. */
  observeRun({ step, norm, nonFinite, skipped }: StepResult, learningRate: number): void {
    const metrics = this.#metrics;
    const labels = { run_id: this.#options.document.run };
    metrics.runStep.set(labels, step);
    metrics.learningRate.set(labels, learningRate);
    metrics.gradNorm.set(labels, norm);
    metrics.runLastProgressTimestampSeconds.set(labels, Date.now() / 1_000);
    for (const lane of nonFinite)
      metrics.nonfiniteStepsTotal.inc({ ...labels, task: this.#options.plan.lanes[lane]?.task ?? '', lane });
    if (skipped !== null) metrics.skippedStepsTotal.inc({ ...labels, cause: skipped });
  }

  /** How the tasks that took part stand to each other; now and then, for its first member: pairs grow with the square of the tasks. */
  observeConflicts(result: StepResult): void {
    const { document, plan } = this.#options;
    if (result.skipped !== null) return;
    const nameOf = (place: number): string => plan.tasks[place] ?? '';
    for (const place of result.presentTasks)
      this.#metrics.taskWeightRatio.set(
        { run_id: document.run, task: nameOf(place) },
        result.coefficients[place] ?? Number.NaN,
      );
    for (const { task, other, cosine } of cosinesOfStep(result))
      this.#metrics.taskGradientCosine.set({ run_id: document.run, task: nameOf(task), other: nameOf(other) }, cosine);
  }
}
