import { loadCheckpoint } from '@tributary/checkpoints';
import { GradientExchange, type StepResult } from '@tributary/collectives';
import { durationMs, type RunFile } from '@tributary/config';
import { createOptimizer, type Optimizer } from '@tributary/engine';
import type { SequenceModel } from '@tributary/models';
import {
  type MemberEnding,
  type RunEvent,
  type StopRequest,
  type TaskName,
  type TrainerPhase,
  TributaryError,
} from '@tributary/protocol';
import { CheckpointWriter, type PartSource } from './checkpoint-writer.js';
import { ComputeClient } from './compute-client.js';
import type { CursorPosition, EvaluationResult, LaneDone } from './compute-messages.js';
import { type AgreedStop, agreedStop, bitOf, controlBits } from './control-bits.js';
import { LaneBuffers } from './lane-buffers.js';
import { lineageOf } from './lineage.js';
import { fetchSplits } from './load-splits.js';
import { type MemberPlan, memberPlan } from './member-plan.js';
import { modelOf, specOf } from './prepared-model.js';
import { RecordOutbox } from './record-outbox.js';
import { RollingRate } from './rolling-rate.js';
import { RunState } from './run-state.js';
import {
  encodeLanePart,
  encodeVectorPart,
  partNames,
  restoreCursor,
  restoreVector,
  vectorPart,
} from './state-parts.js';
import { pointsOfStep, taskLosses, timingsOfStep } from './step-points.js';
import type { TrainerControl, TrainerDeps, TrainerOptions } from './trainer-types.js';

/** Steps in a row that may be skipped as non-finite before the run fails. */
const nonFiniteLimit = 20;
const progressIntervalMs = 400;

/** One member's training of one generation, from restore to its ending. */
export class Trainer implements TrainerControl {
  readonly #options: TrainerOptions;
  readonly #deps: TrainerDeps;
  readonly #spec: RunFile;
  readonly #plan: MemberPlan;
  readonly #model: SequenceModel;
  readonly #optimizer: Optimizer;
  readonly #state: RunState;
  readonly #buffers: LaneBuffers;
  readonly #outbox: RecordOutbox;
  readonly #checkpoints: CheckpointWriter;
  readonly #abort = new AbortController();
  readonly #cursors = new Map<number, CursorPosition>();
  readonly #rate = new RollingRate(30);
  #control = 0;
  #phase: TrainerPhase | null = null;
  #step: number;
  #nonFiniteInARow = 0;
  #lastProgressMs = 0;
  #compute: ComputeClient | null = null;

  constructor(options: TrainerOptions, deps: TrainerDeps) {
    const { document, member, prepared } = options;
    this.#options = options;
    this.#deps = deps;
    this.#spec = specOf(prepared);
    this.#plan = memberPlan(document, member, prepared, this.#spec);
    this.#model = modelOf(prepared, this.#spec);
    this.#optimizer = createOptimizer(this.#spec.optimizer, this.#spec.schedule, this.#spec.budget.steps);
    this.#step = document.resume.step;
    const { seed } = this.#spec;
    this.#state = new RunState(
      this.#model.initialShared(seed),
      new Map(this.#plan.hostedTasks.map((task) => [task, this.#model.task(task).initial(seed)])),
      this.#optimizer,
    );
    this.#buffers = new LaneBuffers(
      this.#plan.hosted,
      this.#model.sharedLayout.elements,
      (task) => this.#model.task(task).layout.elements,
    );
    const { run, attempt, generation } = document;
    this.#outbox = new RecordOutbox(
      { subject: options.recordsSubject, run, attempt, generation, member, flushIntervalMs: 250 },
      { stream: deps.stream, logger: deps.logger },
    );
    this.#checkpoints = new CheckpointWriter(document, partNames(this.#plan.tasks, this.#plan.lanes), {
      objects: deps.objects,
      outbox: this.#outbox,
      logger: deps.logger,
      metrics: deps.metrics,
    });
    if (document.stop) this.stop(document.stop);
  }

  stop(request: StopRequest): void {
    this.#control |= bitOf(request);
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** Trains to the budget, an agreed stop, or an error. Everything recorded has been acknowledged when it resolves. */
  async run(): Promise<MemberEnding> {
    const { document } = this.#options;
    this.#report('starting');
    const splits = await fetchSplits(this.#options.prepared, this.#plan.hostedTasks, this.#deps.objects);
    this.#compute = await ComputeClient.start({
      prepared: this.#options.prepared,
      lanes: this.#plan.hosted,
      splits,
      shared: this.#state.shared.buffers,
      tasks: Object.fromEntries([...this.#state.tasks].map(([task, vector]) => [task, vector.buffers])),
      gradients: this.#buffers.buffers,
      backend: this.#options.backend,
      device: this.#options.device,
      threads: this.#spec.compute.threads,
    });
    const exchange = new GradientExchange(
      {
        self: this.#options.member,
        members: document.members,
        lanes: this.#plan.lanes,
        taskWeights: Object.fromEntries(this.#spec.tasks.map(({ name, weight }) => [name, weight])),
        sharedElements: this.#model.sharedLayout.elements,
        taskElements: Object.fromEntries(
          this.#plan.tasks.map((task) => [task, this.#model.task(task).layout.elements]),
        ),
        clipNorm: this.#spec.clip?.globalNorm ?? null,
        codec: this.#spec.sync.codec,
        combiner: this.#spec.combiner,
      },
      { transport: this.#deps.transport },
    );
    try {
      await this.#restore();
      await this.#recordLineage();
      this.#report('tracing');
      await this.#compute.request({ kind: 'warm-up' }, { onWarming: () => this.#report('tracing') });
      const stopped = await this.#train(exchange);
      this.#report('ending');
      if (!stopped) await this.#evaluate('test', null, this.#spec.evaluation.samples);
      const outcome = stopped?.outcome ?? 'finished';
      await this.#checkpoints.settled();
      this.#outbox.addMemberEnd(this.#step, outcome);
      await this.#outbox.settled();
      return { outcome, step: this.#step, reason: stopped?.reason ?? null };
    } finally {
      this.#outbox.close();
      await exchange.close();
      await this.#compute.stop();
    }
  }

  async #restore(): Promise<void> {
    const { checkpointKey } = this.#options.document.resume;
    if (!checkpointKey) return;
    this.#report('restoring');
    const checkpoint = await loadCheckpoint(this.#deps.objects, checkpointKey);
    const { slots } = this.#optimizer;
    const buffer = this.#state.current;
    restoreVector(
      'shared',
      await checkpoint.part('shared'),
      this.#model.sharedLayout,
      this.#state.shared,
      slots,
      buffer,
    );
    for (const [task, vector] of this.#state.tasks) {
      const part = `task-${task}`;
      restoreVector(part, await checkpoint.part(part), this.#model.task(task).layout, vector, slots, buffer);
    }
    for (const { lane } of this.#plan.hosted) {
      const cursor = await restoreCursor(checkpoint, lane);
      this.#cursors.set(lane, cursor);
      await this.#compute?.request({ kind: 'seek', lane, cursor });
    }
  }

  /** Steps until the budget is reached (null) or the members agree to stop. */
  async #train(exchange: GradientExchange): Promise<AgreedStop | null> {
    const startedMs = Date.now();
    const timeLimitMs = this.#spec.budget.time ? durationMs(this.#spec.budget.time) : Number.POSITIVE_INFINITY;
    while (this.#step < this.#spec.budget.steps) {
      this.#abort.signal.throwIfAborted();
      if (Date.now() - startedMs > timeLimitMs) this.#control |= controlBits.timeBudget;
      const result = await this.#oneStep(exchange);
      const stop = agreedStop(result.control);
      const last = this.#step === this.#spec.budget.steps;
      if (this.#step % this.#spec.evaluation.every === 0 && !last && !stop) {
        await this.#evaluate('validation', this.#spec.evaluation.examples, 0);
      }
      if (this.#step % this.#spec.checkpoints.every === 0 || last || stop) this.#checkpoint();
      if (stop && !last) return stop;
    }
    return null;
  }

  async #oneStep(exchange: GradientExchange): Promise<StepResult> {
    const step = this.#step + 1;
    const startedMs = performance.now();
    const stepExchange = exchange.step(step, this.#control);
    const lanesDone: LaneDone[] = [];
    const computing = this.#require().request(
      { kind: 'step', step, buffer: this.#state.current },
      {
        onLane: (done) => {
          lanesDone.push(done);
          const gradients = this.#buffers.of(done.lane, step);
          stepExchange.contribute({
            lane: done.lane,
            loss: done.loss,
            tokens: done.tokens,
            shared: gradients.shared,
            task: gradients.task,
          });
        },
      },
    );
    const exchanged = stepExchange.result(this.#abort.signal);
    // Either may fail first; the other's failure must not go unhandled.
    const [result] = await Promise.all([exchanged, computing]);
    const computedMs = lanesDone.reduce((sum, done) => sum + done.computeMs, 0);
    this.#apply(step, result);
    for (const { lane, cursor } of lanesDone) this.#cursors.set(lane, cursor);
    this.#step = step;
    this.#record(result, {
      step_seconds: (performance.now() - startedMs) / 1_000,
      compute_seconds: computedMs / 1_000,
    });
    this.#report('training');
    return result;
  }

  /** The optimizer's step, or nothing at all where a gradient was not finite: on every member alike. */
  #apply(step: number, result: StepResult): void {
    if (result.nonFinite.length === 0) {
      this.#nonFiniteInARow = 0;
      this.#state.advance(step - 1, result.shared, result.tasks);
      return;
    }
    this.#nonFiniteInARow += 1;
    const causes = result.nonFinite.map((lane) => `lane ${lane} (task ${this.#plan.lanes[lane]?.task})`).join(', ');
    for (const lane of result.nonFinite) {
      if (this.#plan.first)
        this.#deps.metrics.nonfiniteStepsTotal.inc({
          run_id: this.#options.document.run,
          task: this.#plan.lanes[lane]?.task ?? '',
        });
    }
    this.#deps.logger.warn({ step, lanes: result.nonFinite }, 'a gradient was not finite; the step is skipped');
    if (this.#nonFiniteInARow >= nonFiniteLimit) {
      throw new TributaryError(
        'NON_FINITE',
        `The gradient of ${causes} was not finite at step ${step} and the ${nonFiniteLimit - 1} before it; lower optimizer.learningRate or look at that task's data, then launch again.`,
      );
    }
  }

  #record(result: StepResult, seconds: Readonly<Record<string, number>>): void {
    const { run, generation } = this.#options.document;
    const { metrics } = this.#deps;
    const tokens = result.tokens.reduce((sum, count) => sum + count, 0);
    const nowMs = performance.now();
    this.#rate.add(nowMs, tokens);
    const rate = this.#optimizer.learningRate(result.step - 1);
    metrics.observeStep({
      run,
      experiment: this.#spec.experiment,
      step: result.step,
      seconds: seconds.step_seconds ?? 0,
      phasesMs: result.phasesMs,
      bytesSent: result.bytesSent,
      bytesReceived: result.bytesReceived,
      codec: this.#spec.sync.codec,
      tasks: this.#plan.hosted.map(({ lane, task }) => ({
        task,
        loss: result.losses[lane] ?? Number.NaN,
        tokens: result.tokens[lane] ?? 0,
        samples: this.#spec.batch.size,
      })),
    });
    if (!this.#plan.first) return;
    metrics.runStep.set({ run_id: run }, result.step);
    metrics.learningRate.set({ run_id: run }, rate);
    metrics.gradNorm.set({ run_id: run }, result.norm);
    metrics.runLastProgressTimestampSeconds.set({ run_id: run }, Date.now() / 1_000);
    this.#outbox.addStep(
      pointsOfStep(this.#plan.lanes, this.#plan.tasks, result, rate),
      timingsOfStep(generation, result.step, { ...seconds, tokens_per_second: this.#rate.perSecond() }),
      tokens,
    );
    if (nowMs - this.#lastProgressMs > progressIntervalMs || result.step === this.#spec.budget.steps) {
      this.#lastProgressMs = nowMs;
      this.#publishProgress('training', taskLosses(this.#plan.lanes, result.losses));
    }
  }

  #publishProgress(phase: string, losses: Readonly<Record<string, number>>): void {
    const { run, attempt, generation, members } = this.#options.document;
    const event: RunEvent = {
      kind: 'progress',
      run,
      attempt,
      generation,
      member: this.#options.member,
      phase,
      step: this.#step,
      targetSteps: this.#spec.budget.steps,
      losses,
      tokensPerSecond: this.#rate.perSecond(),
      backend: `${this.#compute?.backend} on ${this.#compute?.device}`,
      members: members.length,
    };
    this.#deps.stream.publish(this.#options.eventsSubject, JSON.stringify(event)).catch((error: unknown) => {
      this.#deps.logger.debug({ error: String(error) }, 'a progress event was not published');
    });
  }

  async #evaluate(split: 'validation' | 'test', limit: number | null, samples: number): Promise<void> {
    const step = this.#step;
    for (const task of this.#plan.ownedTasks) {
      this.#report(split === 'test' ? 'ending' : 'evaluating');
      if (this.#plan.first) this.#publishProgress('evaluating', {});
      const evaluation = (await this.#require().request(
        { kind: 'evaluate', task, split, buffer: this.#state.current, limit, samples },
        { onProgress: () => this.#report(split === 'test' ? 'ending' : 'evaluating') },
      )) as EvaluationResult;
      this.#outbox.addStep(
        Object.entries(evaluation.values).map(([metric, value]) => ({
          subject: `task:${task}` as const,
          series: `${split}.${metric}`,
          step,
          value,
        })),
        [],
        0,
      );
      for (const [metric, value] of Object.entries(evaluation.values)) {
        this.#deps.metrics.taskEvalScore.set({ run_id: this.#options.document.run, task, split, metric }, value);
      }
      if (evaluation.samples.length > 0) {
        this.#outbox.addSamples(
          step,
          evaluation.samples.map((sample) => ({ task: task as TaskName, ...sample })),
        );
      }
    }
  }

  /** Copies this member's parts of the state after the current step and writes them in the background. */
  #checkpoint(): void {
    const { slots } = this.#optimizer;
    const buffer = this.#state.current;
    const step = this.#step;
    const metadata = { run: this.#options.document.run, step: String(step), format: 'tributary-checkpoint/1' };
    const sources: PartSource[] = [];
    if (this.#plan.first) {
      const tensors = vectorPart(this.#model.sharedLayout, this.#state.shared, slots, buffer);
      sources.push({ part: 'shared', encode: () => encodeVectorPart(tensors, metadata) });
    }
    for (const task of this.#plan.ownedTasks) {
      const vector = this.#state.tasks.get(task);
      if (!vector) continue;
      const tensors = vectorPart(this.#model.task(task).layout, vector, slots, buffer);
      sources.push({ part: `task-${task}`, encode: () => encodeVectorPart(tensors, metadata) });
    }
    for (const { lane } of this.#plan.hosted) {
      const cursor = this.#cursors.get(lane) ?? { epoch: 0, position: 0 };
      sources.push({ part: `lane-${lane}`, encode: () => encodeLanePart(cursor, metadata) });
    }
    this.#checkpoints.write(step, sources);
  }

  async #recordLineage(): Promise<void> {
    const { worker } = this.#plan.member;
    const { backend, device, notice } = this.#require();
    const origin = await lineageOf(this.#options.prepared, this.#spec.seed, this.#spec.compute.threads);
    this.#outbox.addLineage({ worker, backend, device, ...origin });
    if (notice) this.#deps.logger.warn({ notice }, 'slower backend');
  }

  #report(phase: TrainerPhase): void {
    if (phase !== this.#phase) this.#deps.logger.info({ phase, step: this.#step }, 'phase');
    this.#phase = phase;
    this.#deps.onStatus({ phase, step: this.#step });
  }

  #require(): ComputeClient {
    if (!this.#compute) throw new Error('the compute thread has not been started');
    return this.#compute;
  }
}
