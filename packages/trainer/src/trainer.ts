import { loadCheckpoint } from '@tributary/checkpoints';
import { GradientExchange, type StepResult, weightedCombiner } from '@tributary/collectives';
import { durationMs, type RunFile } from '@tributary/config';
import { createOptimizer, type Optimizer } from '@tributary/engine';
import type { SequenceModel } from '@tributary/models';
import { type MemberEnding, type StopRequest, type TrainerPhase, TributaryError } from '@tributary/protocol';
import { checkpointSources } from './checkpoint-sources.js';
import { CheckpointWriter } from './checkpoint-writer.js';
import { ComputeClient } from './compute-client.js';
import type { CursorPosition, LaneDone, Warming } from './compute-messages.js';
import { type AgreedStop, agreedStop, bitOf, controlBits } from './control-bits.js';
import { applyInit } from './initial-values.js';
import { type GradientVectors, gradientsOf, gradientVectors } from './lane-gradients.js';
import { lineageOf } from './lineage.js';
import { fetchSplits } from './load-splits.js';
import { type MemberPlan, memberPlan } from './member-plan.js';
import { NonFiniteGuard } from './non-finite-guard.js';
import { modelOf, specOf } from './prepared-model.js';
import { RecordOutbox } from './record-outbox.js';
import { RunState } from './run-state.js';
import { partNames, restoreCursor, restoreVector } from './state-parts.js';
import { StepReporter } from './step-reporter.js';
import type { TrainerDeps, TrainerOptions } from './trainer-types.js';

/** Steps in a row that may be skipped as non-finite before the run fails. */
const nonFiniteLimit = 20;

/** How long a failing run waits for JetStream to take its last records. */
const lastRecordsMs = 5_000;

/** One member's training of one generation, from restore to its ending. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #deps: TrainerDeps;
  readonly #spec: RunFile;
  readonly #plan: MemberPlan;
  readonly #model: SequenceModel;
  readonly #optimizer: Optimizer;
  readonly #state: RunState;
  readonly #gradients: GradientVectors;
  readonly #outbox: RecordOutbox;
  readonly #checkpoints: CheckpointWriter;
  readonly #cursors = new Map<number, CursorPosition>();
  readonly #nonFinite = new NonFiniteGuard(nonFiniteLimit);
  #control = 0;
  #phase: TrainerPhase | null = null;
  /** Steps done. */
  #step: number;

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
      { layout: this.#model.sharedLayout, values: this.#model.initialShared(seed) },
      new Map(
        this.#plan.hostedTasks.map((name) => {
          const task = this.#model.task(name);
          return [name, { layout: task.layout, values: task.initial(seed) }];
        }),
      ),
      this.#optimizer,
    );
    const { elements } = this.#model.sharedLayout;
    this.#gradients = gradientVectors(this.#plan.hosted, elements, (task) => this.#model.task(task).layout.elements);
    const { run, attempt, generation } = document;
    this.#outbox = new RecordOutbox(
      { subject: options.recordsSubject, run, attempt, generation, member, flushIntervalMs: 250 },
      deps,
    );
    this.#checkpoints = new CheckpointWriter(document, partNames(this.#plan.tasks, this.#plan.lanes), {
      ...deps,
      outbox: this.#outbox,
    });
    if (document.stop) this.stop(document.stop);
  }

  /** Asks all members, with the next step's messages, to stop at one step. */
  stop(request: StopRequest): void {
    this.#control |= bitOf(request);
  }

  /** Trains to the budget, an agreed stop, or an error. Everything recorded has been acknowledged when it resolves. */
  async run(): Promise<MemberEnding> {
    this.#report('starting');
    const compute = await this.#startCompute();
    const exchange = this.#openExchange();
    const reporter = this.#reporter(compute);
    compute.onTraced = (traced) => reporter.traced(traced);
    try {
      await this.#restore(compute);
      await this.#recordLineage(compute);
      if (compute.notice) reporter.notice(compute.notice);
      await this.#warmUp(compute, reporter);
      const stopped = await this.#train(compute, exchange, reporter);
      this.#report('ending');
      if (!stopped) await this.#evaluate(compute, reporter, 'test');
      reporter.ending(this.#step);
      await this.#checkpoints.settled(this.#step);
      const outcome = stopped?.outcome ?? 'finished';
      this.#outbox.addMemberEnd(this.#step, outcome);
      await this.#outbox.settled();
      return { outcome, step: this.#step, reason: stopped?.reason ?? null };
    } catch (error) {
      await this.#outbox.settledWithin(lastRecordsMs);
      throw error;
    } finally {
      this.#outbox.close();
      await exchange.close();
      await compute.stop();
    }
  }

  async #startCompute(): Promise<ComputeClient> {
    const { prepared, backend, device } = this.#options;
    return ComputeClient.start({
      prepared,
      lanes: this.#plan.hosted,
      splits: await fetchSplits(prepared, this.#plan.hostedTasks, this.#deps.objects),
      shared: this.#state.shared.parameters,
      tasks: Object.fromEntries([...this.#state.tasks].map(([task, vector]) => [task, vector.parameters])),
      gradients: this.#gradients,
      backend,
      device,
      threads: this.#spec.compute.threads,
    });
  }

  /** Compiles every graph of training, so that no step waits for one. */
  async #warmUp(compute: ComputeClient, reporter: StepReporter): Promise<void> {
    const onWarming = (warming: Warming): void => {
      this.#report('tracing');
      reporter.warming(warming, this.#step);
    };
    await compute.request({ kind: 'warm-up' }, { onWarming });
  }

  #openExchange(): GradientExchange {
    const { tasks, sync, combiner, clip } = this.#spec;
    // In the order of their first lane, as the exchange numbers tasks.
    const weights = [...new Set<string>(this.#plan.lanes.map(({ task }) => task))].map(
      (task) => tasks.find(({ name }) => name === task)?.weight ?? Number.NaN,
    );
    return new GradientExchange(
      {
        self: this.#options.member,
        members: this.#options.document.members,
        lanes: this.#plan.lanes,
        sharedElements: this.#model.sharedLayout.elements,
        taskElements: Object.fromEntries(tasks.map(({ name }) => [name, this.#model.task(name).layout.elements])),
        clipNorm: clip?.globalNorm ?? null,
        codec: sync.codec,
        combiner: weightedCombiner(weights),
        combinerName: JSON.stringify({ combiner, weights }),
      },
      this.#deps,
    );
  }

  #reporter({ backend, device }: ComputeClient): StepReporter {
    const { document, eventsSubject } = this.#options;
    return new StepReporter(
      { document, spec: this.#spec, plan: this.#plan, eventsSubject, backend: `${backend} on ${device}`, device },
      { ...this.#deps, outbox: this.#outbox },
    );
  }

  async #restore(compute: ComputeClient): Promise<void> {
    const { checkpointKey } = this.#options.document.resume;
    if (!checkpointKey) return await this.#initialize();
    this.#report('restoring');
    const checkpoint = await loadCheckpoint(this.#deps.objects, checkpointKey);
    const { slots } = this.#optimizer;
    const { current, shared, tasks } = this.#state;
    restoreVector('shared', await checkpoint.part('shared'), this.#model.sharedLayout, shared, slots, current);
    for (const [task, vector] of tasks) {
      const part = `task-${task}`;
      restoreVector(part, await checkpoint.part(part), this.#model.task(task).layout, vector, slots, current);
    }
    for (const { lane } of this.#plan.hosted) {
      const cursor = await restoreCursor(checkpoint, lane);
      this.#cursors.set(lane, cursor);
      await compute.request({ kind: 'seek', lane, cursor });
    }
  }

  /** Step 0: the values of `init`, where there are any, in place of random ones. */
  async #initialize(): Promise<void> {
    const { init } = this.#options.prepared;
    if (!init) return;
    this.#report('restoring');
    const { current, shared, tasks } = this.#state;
    const parts = [
      { part: 'shared', layout: this.#model.sharedLayout, values: shared.parameters[current] },
      ...[...tasks].map(([task, vector]) => ({
        part: `task-${task}`,
        layout: this.#model.task(task).layout,
        values: vector.parameters[current],
      })),
    ];
    await applyInit(init, parts, this.#deps.objects);
  }

  /** Steps until the budget is reached (null) or the members agree to stop. */
  async #train(compute: ComputeClient, exchange: GradientExchange, reporter: StepReporter): Promise<AgreedStop | null> {
    const { budget, evaluation, checkpoints } = this.#spec;
    const startedMs = Date.now() - (this.#options.document.spentMs ?? 0);
    const timeLimitMs = budget.time ? durationMs(budget.time) : Number.POSITIVE_INFINITY;
    while (this.#step < budget.steps) {
      if (Date.now() - startedMs > timeLimitMs) this.#control |= controlBits.timeBudget;
      const result = await this.#oneStep(compute, exchange, reporter);
      this.#report('training');
      const stop = agreedStop(result.control);
      const last = this.#step === budget.steps;
      if (this.#step % evaluation.every === 0 && !last && !stop) await this.#evaluate(compute, reporter, 'validation');
      if (this.#step % checkpoints.every === 0 || last || stop) await this.#checkpoint();
      if (stop && !last) return stop;
    }
    return null;
  }

  async #oneStep(compute: ComputeClient, exchange: GradientExchange, reporter: StepReporter): Promise<StepResult> {
    const step = this.#step + 1;
    const startedMs = performance.now();
    const stepExchange = exchange.step(step, this.#control);
    const lanesDone: LaneDone[] = [];
    const computing = compute.request(
      { kind: 'step', step, buffer: this.#state.current },
      {
        onLane: (done) => {
          lanesDone.push(done);
          const { lane, loss, tokens } = done;
          stepExchange.contribute({ lane, loss, tokens, ...gradientsOf(this.#gradients, lane, step) });
        },
      },
    );
    // Either may fail first; the other's failure must not go unhandled.
    const [result] = await Promise.all([stepExchange.result(), computing]);
    if (this.#nonFinite.admits(step, result.nonFinite, this.#plan.lanes)) {
      this.#state.advance(step - 1, result.shared, result.tasks);
    } else {
      this.#deps.logger.warn({ step, lanes: result.nonFinite }, 'a gradient was not finite; the step is skipped');
    }
    for (const { lane, cursor } of lanesDone) this.#cursors.set(lane, cursor);
    this.#step = step;
    const computeMs = lanesDone.reduce((sum, done) => sum + done.computeMs, 0);
    reporter.step(result, this.#optimizer.learningRate(step - 1), {
      step: (performance.now() - startedMs) / 1_000,
      compute: computeMs / 1_000,
    });
    return result;
  }

  async #evaluate(compute: ComputeClient, reporter: StepReporter, split: 'validation' | 'test'): Promise<void> {
    const { examples, samples } = this.#spec.evaluation;
    const phase = split === 'test' ? 'ending' : 'evaluating';
    const request = split === 'test' ? { limit: null, samples } : { limit: examples, samples: 0 };
    for (const task of this.#plan.ownedTasks) {
      this.#report(phase);
      reporter.progress('evaluating', this.#step, {});
      const evaluation = await compute.request(
        { kind: 'evaluate', task, split, buffer: this.#state.current, ...request },
        { onProgress: () => this.#report(phase) },
      );
      if (!evaluation) throw new TributaryError('INTERNAL', `The evaluation of task "${task}" gave no result.`);
      reporter.evaluation(split, this.#step, evaluation);
    }
  }

  /** Copies this member's parts of the state after the current step and writes them in the background. */
  async #checkpoint(): Promise<void> {
    this.#report('checkpointing');
    await this.#checkpoints.roomForOne();
    const metadata = { run: this.#options.document.run, step: String(this.#step), format: 'tributary-checkpoint/1' };
    const held = {
      plan: this.#plan,
      model: this.#model,
      optimizer: this.#optimizer,
      state: this.#state,
      cursors: this.#cursors,
    };
    this.#checkpoints.write(this.#step, checkpointSources(held, metadata));
  }

  async #recordLineage({ backend, device, notice }: ComputeClient): Promise<void> {
    const { worker } = this.#plan.member;
    const origin = await lineageOf(this.#options.prepared, this.#spec);
    this.#outbox.addLineage({ worker, backend, device, ...origin });
    if (notice) this.#deps.logger.warn({ notice }, 'slower backend');
  }

  #report(phase: TrainerPhase): void {
    if (phase !== this.#phase) this.#deps.logger.info({ phase, step: this.#step }, 'phase');
    this.#phase = phase;
    this.#deps.onStatus({ phase, step: this.#step });
  }
}
