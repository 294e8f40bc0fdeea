import { loadCheckpoint } from '@tributary/checkpoints';
import type { GradientExchange, StepResult } from '@tributary/collectives';
import { durationMs, type RunFile } from '@tributary/config';
import type { SequenceModel } from '@tributary/models';
import { type MemberEnding, type StopRequest, type TrainerPhase, TributaryError } from '@tributary/protocol';
import { CheckpointWriter } from './checkpoint-writer.js';
import { chooseStrategy } from './choose-strategy.js';
import type { ComputeClient } from './compute-client.js';
import type { LaneDone, Warming } from './compute-messages.js';
import { type AgreedStop, agreedStop, bitOf, controlBits } from './control-bits.js';
import { type ExchangeSetup, setUpExchange } from './exchange-setup.js';
import { gradientsOf } from './lane-gradients.js';
import { lineageOf } from './lineage.js';
import { fetchSplits } from './load-splits.js';
import { type MemberPlan, memberPlan, sharesOf } from './member-plan.js';
import { MemberState } from './member-state.js';
import { NonFiniteGuard } from './non-finite-guard.js';
import { modelOf, specOf } from './prepared-model.js';
import { RecordOutbox } from './record-outbox.js';
import { pointsOfRound, roundProgress } from './round-points.js';
import { partNames } from './state-parts.js';
import { StepReporter } from './step-reporter.js';
import type { SyncStrategy } from './sync-strategy.js';
import type { TrainerDeps, TrainerOptions } from './trainer-types.js';

/** How long a failing run waits for JetStream to take its last records. */
const lastRecordsMs = 5_000;

function superseded(): TributaryError {
  return new TributaryError('GENERATION_SUPERSEDED', 'Another generation takes the place of this one.');
}

/** What trains, once it is open. */
interface TrainingParts {
  readonly compute: ComputeClient;
  readonly exchange: GradientExchange;
  readonly reporter: StepReporter;
  readonly nonFinite: NonFiniteGuard;
}

/** One member's training of one generation, from restore to its ending. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #deps: TrainerDeps;
  readonly #spec: RunFile;
  readonly #plan: MemberPlan;
  readonly #model: SequenceModel;
  readonly #strategy: SyncStrategy;
  readonly #exchange: ExchangeSetup;
  readonly #state: MemberState;
  readonly #outbox: RecordOutbox;
  readonly #checkpoints: CheckpointWriter;
  readonly #aborting = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #control = 0;
  #toldSkipped = false;
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
    this.#strategy = chooseStrategy(this.#spec, this.#plan.hosted, this.#model);
    this.#step = document.resume.step;
    this.#state = new MemberState({
      plan: this.#plan,
      model: this.#model,
      strategy: this.#strategy,
      seed: this.#spec.seed,
    });
    this.#exchange = setUpExchange({
      member,
      document,
      prepared,
      spec: this.#spec,
      plan: this.#plan,
      model: this.#model,
      strategy: this.#strategy,
    });
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

  /**
   * Gives the generation up: `run` rejects with GENERATION_SUPERSEDED once nothing of it computes, sends or writes any more. The
   * compute thread lives on.
   */
  async abort(): Promise<void> {
    this.#aborting.abort(superseded());
    await this.#running.catch(() => undefined);
  }

  /**
   * Trains to the budget, an agreed stop, or an error. Everything recorded has been acknowledged when it resolves.
   * @throws TributaryError `GENERATION_SUPERSEDED` after `abort`
   */
  run(): Promise<MemberEnding> {
    const running = this.#run();
    this.#running = running;
    return running;
  }

  async #run(): Promise<MemberEnding> {
    this.#report('starting');
    const compute = await this.#startCompute();
    this.#strategy.begin(compute.moments);
    let exchange: GradientExchange | null = null;
    const reporter = this.#reporter(compute);
    compute.onTraced = (traced) => reporter.traced(traced);
    try {
      await this.#restore(compute);
      exchange = this.#exchange.open(this.#state.carried, this.#deps);
      await this.#recordLineage(compute);
      for (const notice of [compute.notice, this.#exchange.notice]) if (notice) reporter.notice(notice);
      await this.#warmUp(compute, reporter);
      const stopped = await this.#train({ compute, exchange, reporter, nonFinite: this.#nonFiniteGuard() });
      this.#report('ending');
      if (!stopped && !this.#options.replay) await this.#evaluate(compute, reporter, 'test');
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
      await exchange?.close();
    }
  }

  async #startCompute(): Promise<ComputeClient> {
    const { prepared, backend, device } = this.#options;
    const { shared, tasks } = this.#state.vectors;
    return this.#deps.compute.open({
      prepared,
      lanes: this.#plan.hosted,
      splits: (tasks) => fetchSplits(prepared, tasks, this.#deps.objects),
      shared: shared.parameters,
      tasks: Object.fromEntries([...tasks].map(([task, vector]) => [task, vector.parameters])),
      gradients: this.#exchange.gradients,
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

  #nonFiniteGuard(): NonFiniteGuard {
    return new NonFiniteGuard({
      limit: this.#spec.nonFinite.limit,
      lanes: this.#plan.lanes,
      combiner: this.#spec.combiner.kind,
      inARow: this.#state.carried.skippedInARow,
    });
  }

  #reporter({ backend, device }: ComputeClient): StepReporter {
    const { document, eventsSubject } = this.#options;
    return new StepReporter(
      { document, spec: this.#spec, plan: this.#plan, eventsSubject, backend: `${backend} on ${device}`, device },
      { ...this.#deps, outbox: this.#outbox },
    );
  }

  async #restore(compute: ComputeClient): Promise<void> {
    const { prepared, document } = this.#options;
    const { checkpointKey } = document.resume;
    if (!checkpointKey && !prepared.init) return;
    this.#report('restoring');
    if (!checkpointKey) {
      if (prepared.init) await this.#state.initialize(prepared.init, this.#deps.objects);
      return;
    }
    await this.#state.restore(await loadCheckpoint(this.#deps.objects, checkpointKey));
    for (const [lane, cursor] of this.#state.cursors) await compute.request({ kind: 'seek', lane, cursor });
  }

  /** Steps until the budget is reached (null) or the members agree to stop. */
  async #train(parts: TrainingParts): Promise<AgreedStop | null> {
    const { compute, reporter } = parts;
    const { budget, evaluation, checkpoints } = this.#spec;
    const { replay } = this.#options;
    const end = Math.min(budget.steps, replay?.until ?? budget.steps);
    const startedMs = Date.now() - (this.#options.document.spentMs ?? 0);
    const timeLimitMs = budget.time ? durationMs(budget.time) : Number.POSITIVE_INFINITY;
    while (this.#step < end) {
      if (Date.now() - startedMs > timeLimitMs) this.#control |= controlBits.timeBudget;
      const result = await this.#oneExchange(parts);
      this.#report('training');
      const stop = agreedStop(result.control);
      const last = this.#step === end;
      if (this.#step % evaluation.every === 0 && !last && !stop && !replay)
        await this.#evaluate(compute, reporter, 'validation');
      if (this.#step % checkpoints.every === 0 || last || stop) await this.#checkpoint(parts);
      if (stop && !last) return stop;
    }
    return null;
  }

  /** One step, or one round of the steps that lanes take by themselves. */
  async #oneExchange({ compute, exchange, reporter, nonFinite }: TrainingParts): Promise<StepResult> {
    const before = this.#step;
    const number = before / this.#strategy.steps + 1;
    const startedMs = performance.now();
    const stepExchange = exchange.step(number, this.#control);
    const shares = sharesOf(this.#plan.hosted, this.#exchange.schedule(number));
    const lanesDone: LaneDone[] = [];
    const within = roundProgress(before, this.#strategy.steps, shares.length);
    const computing = compute.request(this.#strategy.request(number, this.#state.vectors.buffers, shares), {
      onLane: (done) => {
        lanesDone.push(done);
        const { lane, loss, tokens } = done;
        const gradients = gradientsOf(this.#exchange.gradients, lane, number);
        stepExchange.contribute({ lane, loss, tokens, ...gradients }, this.#control);
      },
      onInner: ({ lane, loss }) => {
        const step = within();
        this.#report('training', step);
        reporter.innerStep(step, this.#plan.lanes[lane]?.task ?? '', loss);
      },
    });
    // Either may fail first; the other's failure must not go unhandled.
    const [combined] = await Promise.all([stepExchange.result(this.#aborting.signal), computing]);
    this.#step += this.#strategy.steps;
    const result = { ...combined, step: this.#step };
    const skipped = nonFinite.reasonToSkip(result);
    if (skipped === null) this.#state.advance(number - 1, result, shares);
    else this.#tellSkipped(skipped, reporter);
    this.#state.moveCursors(lanesDone);
    this.#outbox.addStep(pointsOfRound(lanesDone, before, this.#spec.records.every), [], 0);
    const computeMs = lanesDone.reduce((sum, done) => sum + done.computeMs, 0);
    const seconds = { step: (performance.now() - startedMs) / 1_000, compute: computeMs / 1_000 };
    reporter.step(result, this.#strategy.learningRate(this.#step - 1), seconds, shares);
    return result;
  }

  /** Every skipped step is in the log; who watches hears of the first. */
  #tellSkipped(reason: string, reporter: StepReporter): void {
    const text = `${reason}; the step is skipped`;
    this.#deps.logger.warn({ step: this.#step }, text);
    if (!this.#toldSkipped) reporter.notice(text);
    this.#toldSkipped = true;
  }

  async #evaluate(compute: ComputeClient, reporter: StepReporter, split: 'validation' | 'test'): Promise<void> {
    const { examples, samples } = this.#spec.evaluation;
    const phase = split === 'test' ? 'ending' : 'evaluating';
    const request = split === 'test' ? { limit: null, samples } : { limit: examples, samples: 0 };
    for (const task of this.#plan.ownedTasks) {
      this.#report(phase);
      reporter.progress('evaluating', this.#step, {});
      const evaluation = await compute.request(
        { kind: 'evaluate', task, split, buffers: this.#state.vectors.buffers, ...request },
        { onProgress: () => this.#report(phase) },
      );
      if (!evaluation) throw new TributaryError('INTERNAL', `The evaluation of task "${task}" gave no result.`);
      reporter.evaluation(split, this.#step, evaluation);
    }
  }

  /** Copies this member's parts of the state after the current step and writes them in the background. */
  async #checkpoint({ exchange, nonFinite }: TrainingParts): Promise<void> {
    this.#report('checkpointing');
    await this.#checkpoints.roomForOne();
    const metadata = { run: this.#options.document.run, step: String(this.#step), format: 'tributary-checkpoint/1' };
    this.#checkpoints.write(this.#step, this.#state.checkpointSources(exchange, nonFinite.inARow, metadata));
  }

  async #recordLineage({ backend, device, notice }: ComputeClient): Promise<void> {
    const { worker } = this.#plan.member;
    const origin = await lineageOf(this.#options.prepared, this.#spec);
    this.#outbox.addLineage({ worker, backend, device, ...origin });
    if (notice) this.#deps.logger.warn({ notice }, 'slower backend');
  }

  #report(phase: TrainerPhase, step = this.#step): void {
    if (phase !== this.#phase) this.#deps.logger.info({ phase, step: this.#step }, 'phase');
    this.#phase = phase;
    this.#deps.onStatus({ phase, step, awaiting: null, snapshot: null });
  }
}
