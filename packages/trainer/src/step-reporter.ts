import type { StepResult } from '@tributary/collectives';
import type { RunFile } from '@tributary/config';
import type { GenerationDocument, RunEvent, TaskName } from '@tributary/protocol';
import type { Logger, Metrics } from '@tributary/telemetry';
import type { EvaluationResult, LaneShare, Traced, Warming } from './compute-messages.js';
import { agreedStop } from './control-bits.js';
import type { MemberPlan } from './member-plan.js';
import { processMemory } from './process-memory.js';
import type { RecordOutbox } from './record-outbox.js';
import { isRecordedStep } from './recorded-steps.js';
import { RollingRate } from './rolling-rate.js';
import { StepMetrics } from './step-metrics.js';
import { matricesOfStep, pointsOfStep, presentTasks, taskLosses, timingsOfStep } from './step-points.js';
import type { RecordStream } from './trainer-types.js';

const progressIntervalMs = 400;

export interface StepReporterOptions {
  readonly document: GenerationDocument;
  readonly spec: RunFile;
  readonly plan: MemberPlan;
  readonly eventsSubject: string;
  /** e.g. `TensorFlow 2.21.0, traced on cpu`. */
  readonly backend: string;
  /** `cpu` or `gpu:N`. */
  readonly device: string;
}

export interface StepReporterDeps {
  readonly outbox: RecordOutbox;
  readonly stream: RecordStream;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Tells of steps and evaluations: records for the run store, metrics for Prometheus, events for who watches. */
export class StepReporter {
  readonly #options: StepReporterOptions;
  readonly #deps: StepReporterDeps;
  readonly #rate = new RollingRate(30);
  readonly #beganMs = performance.now();
  #lastProgressMs = 0;
  #lastWarmingMs = 0;
  /** The last of each task, as far as this member knows: one that is absent keeps it. */
  readonly #losses: Record<string, number> = {};
  readonly #metrics: StepMetrics;
  #stepped = false;
  #tracingMs = 0;
  #graphs = 0;

  constructor(options: StepReporterOptions, deps: StepReporterDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#metrics = new StepMetrics(options, deps.metrics);
  }

  /** One more graph is compiled. */
  traced({ graph, traceMs, held, again }: Traced): void {
    const { metrics, logger } = this.#deps;
    const { worker } = this.#options.plan.member;
    this.#tracingMs += traceMs;
    this.#graphs = held;
    metrics.workerGraphs.set({ worker }, held);
    metrics.workerTracedGraphsTotal.inc({ worker });
    metrics.workerTracingSecondsTotal.inc({ worker }, traceMs / 1_000);
    logger.debug({ graph, traceMs: Math.round(traceMs), held, again }, 'a graph is compiled');
  }

  /** How far the graphs are that the first step needs. */
  warming({ done, total, graph }: Warming, step: number): void {
    const nowMs = performance.now();
    const worthTelling = done === 0 || done === total || nowMs - this.#lastWarmingMs >= progressIntervalMs;
    if (!worthTelling) return;
    this.#lastWarmingMs = nowMs;
    this.progress('tracing', step, {}, { done, total, graph });
  }

  /** What the generation took of memory and graphs, once it ends; the first member speaks for itself alone. */
  ending(step: number): void {
    const { document, plan } = this.#options;
    if (!plan.first) return;
    this.#deps.outbox.addStep(
      [],
      timingsOfStep(document.generation, step, {
        graphs: this.#graphs,
        tracing_seconds: this.#tracingMs / 1_000,
        peak_memory_bytes: this.#observeMemory(),
      }),
      0,
    );
  }

  #observeMemory(): number {
    const { plan, device } = this.#options;
    const { rssBytes, peakRssBytes } = processMemory();
    const labels = { worker: plan.member.worker, device };
    this.#deps.metrics.workerMemoryBytes.set(labels, rssBytes);
    this.#deps.metrics.workerMemoryPeakBytes.set(labels, peakRssBytes);
    return peakRssBytes;
  }

  /**
   * Every member counts its own lanes; what the whole run has once, its first member tells.
   * @param shares the hosted lanes that took part
   */
  step(
    result: StepResult,
    learningRate: number,
    seconds: { readonly step: number; readonly compute: number; readonly data: number },
    shares: readonly LaneShare[],
  ): void {
    const { spec, plan } = this.#options;
    const nowMs = performance.now();
    const tokens = result.tokens.reduce((sum, count) => sum + count, 0);
    this.#rate.add(nowMs, tokens);
    this.#metrics.observe(result, seconds, shares);
    const first = !this.#stepped;
    this.#stepped = true;
    const due = first || nowMs - this.#lastProgressMs >= progressIntervalMs || result.step >= spec.budget.steps;
    if (due) {
      this.#lastProgressMs = nowMs;
      this.#observeMemory();
    }
    if (!plan.first) return;
    this.#metrics.observeRun(result, learningRate);
    const losses = taskLosses(plan.lanes, result.losses, presentTasks(plan.tasks, result));
    for (const [task, loss] of Object.entries(losses)) if (Number.isFinite(loss)) this.#losses[task] = loss;
    this.#record(result, tokens, learningRate, {
      step_seconds: seconds.step,
      compute_seconds: seconds.compute,
      sync_exposed_seconds: result.exposedMs / 1_000,
      tokens_per_second: this.#rate.perSecond(),
      // What a user waits for: the backend, the state, the graphs, and the step itself.
      ...(first
        ? { tracing_seconds: this.#tracingMs / 1_000, first_step_seconds: (nowMs - this.#beganMs) / 1_000 }
        : {}),
    });
    if (!due) return;
    this.#metrics.observeConflicts(result);
    this.progress('training', result.step, { ...this.#losses });
  }

  /** Steps that are recorded by rule, and those that stand out: the last before a stop, and those that changed nothing. */
  #record(result: StepResult, tokens: number, learningRate: number, timings: Readonly<Record<string, number>>): void {
    const { document, spec, plan } = this.#options;
    const { outbox } = this.#deps;
    const { step } = result;
    const recorded = isRecordedStep(spec, step) || result.skipped !== null || agreedStop(result.control) !== null;
    outbox.addStep(
      recorded ? pointsOfStep(plan.lanes, plan.tasks, step, result, learningRate) : [],
      recorded || timings.first_step_seconds !== undefined ? timingsOfStep(document.generation, step, timings) : [],
      tokens,
    );
    if (recorded) outbox.addMatrices(matricesOfStep(step, result));
  }

  /** One more step that a lane has taken by itself within a round, which may take minutes: who watches sees it move. */
  innerStep(step: number, task: string, loss: number): void {
    const nowMs = performance.now();
    // What the first round takes is known at its end, not only after the second.
    this.#rate.begin(nowMs);
    if (Number.isFinite(loss)) this.#losses[task] = loss;
    if (!this.#options.plan.first || nowMs - this.#lastProgressMs < progressIntervalMs) return;
    this.#lastProgressMs = nowMs;
    const labels = { run_id: this.#options.document.run };
    this.#deps.metrics.runStep.set(labels, step);
    this.#deps.metrics.runLastProgressTimestampSeconds.set(labels, Date.now() / 1_000);
    this.progress('training', step, { ...this.#losses });
  }

  evaluation(split: 'validation' | 'test', step: number, { task, values, samples }: EvaluationResult): void {
    const { outbox, metrics } = this.#deps;
    outbox.addStep(
      Object.entries(values).map(([metric, value]) => ({
        subject: `task:${task}`,
        series: `${split}.${metric}`,
        step,
        value,
      })),
      [],
      0,
    );
    const labels = { run_id: this.#options.document.run, task, split };
    for (const [metric, value] of Object.entries(values))
      if (metric === 'loss') metrics.taskLoss.set(labels, value);
      else metrics.taskEvalScore.set({ ...labels, metric }, value);
    if (samples.length > 0)
      outbox.addSamples(
        step,
        samples.map((sample) => ({ task: task as TaskName, ...sample })),
      );
  }

  /** For who watches; lost without harm. Only the first member speaks. */
  progress(
    phase: string,
    step: number,
    losses: Readonly<Record<string, number>>,
    tracing?: Extract<RunEvent, { kind: 'progress' }>['tracing'],
  ): void {
    const { document, spec, plan, backend } = this.#options;
    if (!plan.first) return;
    const event: RunEvent = {
      kind: 'progress',
      run: document.run,
      attempt: document.attempt,
      generation: document.generation,
      member: plan.member.member,
      phase,
      step,
      targetSteps: spec.budget.steps,
      losses,
      tokensPerSecond: this.#rate.perSecond(),
      backend,
      members: document.members.length,
      ...(tracing === undefined ? {} : { tracing }),
    };
    this.#publish(event);
  }

  /** Something that a user should know of the whole run, such as a slower backend. Only the first member speaks. */
  notice(text: string): void {
    if (this.#options.plan.first) this.memberNotice(text);
  }

  /** Something that a user should know of this member alone. */
  memberNotice(text: string): void {
    this.#publish({ kind: 'notice', run: this.#options.document.run, text });
  }

  #publish(event: RunEvent): void {
    this.#deps.stream.publish(this.#options.eventsSubject, JSON.stringify(event)).catch((error: unknown) => {
      this.#deps.logger.debug({ error: String(error) }, 'an event was not published');
    });
  }
}
