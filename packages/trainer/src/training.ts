import type { GradientExchange, StepResult } from '@tributary/collectives';
import { durationMs } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import type { Logger } from '@tributary/telemetry';
import { watchAwaited } from './awaited-members.js';
import type { ComputeClient } from './compute-client.js';
import type { LaneDone, LaneShare } from './compute-messages.js';
import { type AgreedStop, agreedStop, controlBits } from './control-bits.js';
import { passesMultiple } from './due.js';
import type { EarlyStop } from './early-stop.js';
import type { PassTrainerFaultPoint } from './fault-points.js';
import type { GenerationSetup } from './generation-setup.js';
import { gradientsOf } from './lane-gradients.js';
import { ledgerOf } from './ledger.js';
import { sharesOf } from './member-plan.js';
import type { NonFiniteGuard } from './non-finite-guard.js';
import type { RecordOutbox } from './record-outbox.js';
import { pointsOfRound, roundProgress } from './round-points.js';
import type { Purposes, StateWriter } from './state-writer.js';
import type { StatusReports } from './status-reports.js';
import type { StepReporter } from './step-reporter.js';
import { unlessAborted } from './unless-aborted.js';
import type { CopyVector } from './vector-copies.js';

/** What trains, once it is open. */
export interface TrainingDeps {
  readonly compute: ComputeClient;
  readonly exchange: GradientExchange;
  readonly reporter: StepReporter;
  readonly nonFinite: NonFiniteGuard;
  readonly outbox: RecordOutbox;
  readonly status: StatusReports;
  readonly stateWriter: StateWriter;
  readonly copy: CopyVector;
  /** Bits of this member, as they stand. */
  readonly control: () => number;
  readonly logger: Logger;
  readonly pass: PassTrainerFaultPoint;
  readonly signal: AbortSignal;
}

/** A member's steps, from a state in place to the budget or an agreed stop. */
export class Training {
  readonly compute: ComputeClient;
  readonly #setup: GenerationSetup;
  readonly #deps: TrainingDeps;
  #timeBudget = 0;
  #toldSkipped = false;
  /** Steps done. */
  #step: number;
  /** What the state after the last step is still to be copied for, once the next step computes. */
  #due: Purposes | null = null;

  constructor(setup: GenerationSetup, deps: TrainingDeps) {
    this.#setup = setup;
    this.#deps = deps;
    this.compute = deps.compute;
    this.#step = setup.document.resume.step;
  }

  get step(): number {
    return this.#step;
  }

  /** Steps until the budget is reached (null) or the members agree to stop, or to end early. */
  async train(): Promise<AgreedStop | null> {
    const { status, signal } = this.#deps;
    const { spec, document, end, replay, state } = this.#setup;
    const { budget, evaluation } = spec;
    const startedMs = Date.now() - (document.spentMs ?? 0);
    const timeLimitMs = budget.time ? durationMs(budget.time) : Number.POSITIVE_INFINITY;
    status.moved('training', this.#step);
    await this.#saveAgain();
    if (state.earlyStop?.ended) return endedEarly(state.earlyStop);
    while (this.#step < end) {
      signal.throwIfAborted();
      if (Date.now() - startedMs > timeLimitMs) this.#timeBudget = controlBits.timeBudget;
      const before = this.#step;
      const result = await this.#oneExchange();
      status.moved('training', this.#step);
      const stop = agreedStop(result.control);
      const early = stop?.outcome === 'finished' ? state.earlyStop : null;
      early?.agreed();
      const last = this.#step === end || early !== null;
      // What decides whether to end early is state, and done again with it.
      const evaluated = this.#step % evaluation.every === 0 && this.#step < budget.steps && early === null;
      if (evaluated && (!replay || state.earlyStop)) await this.evaluate('validation');
      await this.#save(this.#purposesAfter(before, stop, last), stop !== null || last);
      if (early) return endedEarly(early);
      if (stop && !last) return stop;
    }
    return null;
  }

  /** The whole split for a test; its loss and metrics are recorded. */
  async evaluate(split: 'validation' | 'test'): Promise<void> {
    const { compute, status, reporter, signal } = this.#deps;
    const { state } = this.#setup;
    const { examples, samples } = this.#setup.spec.evaluation;
    const phase = split === 'test' ? 'ending' : 'evaluating';
    const request = split === 'test' ? { limit: null, samples } : { limit: examples, samples: 0 };
    for (const task of this.#setup.plan.ownedTasks) {
      status.moved(phase, this.#step);
      reporter.progress('evaluating', this.#step, {});
      const evaluation = await unlessAborted(
        compute.request(
          { kind: 'evaluate', task, split, buffers: this.#setup.state.vectors.buffers, ...request },
          { onProgress: () => status.moved(phase, this.#step) },
        ),
        signal,
      );
      if (!evaluation) throw new TributaryError('INTERNAL', `The evaluation of task "${task}" gave no result.`);
      reporter.evaluation(split, this.#step, evaluation);
      if (split === 'validation' && task === state.earlyStop?.task) state.earlyStop.evaluated(evaluation.values);
    }
  }

  /** A state that was restored is held by nobody in this generation yet, and its checkpoint may never have become whole. */
  async #saveAgain(): Promise<void> {
    const { spec, document, end, state } = this.#setup;
    const { step, snapshot } = document.resume;
    if (step === 0) return;
    const last = step >= end || state.earlyStop?.ended === true;
    const checkpoint = Boolean(snapshot) && (step % spec.checkpoints.every === 0 || last);
    await this.#save({ snapshot: true, checkpoint }, last);
  }

  #purposesAfter(before: number, stop: AgreedStop | null, last: boolean): Purposes {
    const { spec, plan, replay } = this.#setup;
    const handOver = stop?.outcome === 'handed-over' && !last;
    const checkpoint =
      this.#step % spec.checkpoints.every === 0 ||
      last ||
      // Its snapshots have one holder, which may be about to leave.
      (handOver ? !plan.member.buddy : stop !== null);
    const snapshot =
      handOver ||
      last ||
      passesMultiple(spec.snapshots.every, before, this.#step) ||
      (replay?.snapshots.includes(this.#step) ?? false);
    return { snapshot, checkpoint };
  }

  /** @param now not beside the next step: there may be none */
  async #save(purposes: Purposes, now: boolean): Promise<void> {
    const { status, stateWriter } = this.#deps;
    if (!purposes.snapshot && !purposes.checkpoint) return;
    if (purposes.checkpoint) status.moved('checkpointing', this.#step);
    await stateWriter.room(purposes);
    this.#due = purposes;
    if (now) this.#copyDue();
  }

  /** Until the next exchange counts, the state that is due stays as it is. */
  #copyDue(): void {
    const purposes = this.#due;
    if (!purposes) return;
    this.#due = null;
    const { exchange, nonFinite, stateWriter, copy } = this.#deps;
    const shared = stateWriter.needsShared(purposes);
    const parts = this.#setup.state.copyParts(exchange, nonFinite.inARow, copy, shared);
    this.#deps.pass('snapshot-copied');
    stateWriter.write(this.#step, purposes, parts);
  }

  /** One step, or one round of the steps that lanes take by themselves. */
  async #oneExchange(): Promise<StepResult> {
    const { compute, exchange, reporter, status, nonFinite, signal } = this.#deps;
    const { plan, strategy, state, exchange: setup } = this.#setup;
    const before = this.#step;
    const number = before / strategy.steps + 1;
    const startedMs = performance.now();
    const stepExchange = exchange.step(number, this.#control);
    const shares = sharesOf(plan.hosted, setup.schedule(number));
    const lanesDone: LaneDone[] = [];
    const within = roundProgress(before, strategy.steps, shares.length);
    const computing = compute.request(strategy.request(number, state.vectors.buffers, shares), {
      onLane: (done) => {
        this.#deps.pass('gradients-computed');
        lanesDone.push(done);
        const { lane, loss, tokens } = done;
        const gradients = gradientsOf(setup.gradients, lane, number);
        stepExchange.contribute({ lane, loss, tokens, ...gradients }, this.#control);
        this.#deps.pass('contributed');
      },
      onInner: ({ lane, loss }) => {
        const step = within();
        status.moved('training', step);
        reporter.innerStep(step, plan.lanes[lane]?.task ?? '', loss);
      },
    });
    this.#copyDue();
    const combined = await this.#complete(computing, stepExchange.result(signal));
    this.#deps.pass('result');
    this.#step += strategy.steps;
    const result = { ...combined, step: this.#step };
    const skipped = nonFinite.reasonToSkip(result);
    if (skipped === null) state.advance(number - 1, result, shares);
    else this.#tellSkipped(skipped);
    this.#record(before, shares, lanesDone);
    state.moveCursors(lanesDone);
    this.#deps.pass('advanced');
    const sumOf = (ms: (done: LaneDone) => number): number =>
      lanesDone.reduce((sum, done) => sum + ms(done), 0) / 1_000;
    const seconds = {
      step: (performance.now() - startedMs) / 1_000,
      compute: sumOf(({ computeMs }) => computeMs),
      data: sumOf(({ dataMs }) => dataMs),
    };
    reporter.step(result, strategy.learningRate(this.#step - 1), seconds, shares);
    return result;
  }

  get #control(): number {
    const early = this.#setup.state.earlyStop?.asks ? controlBits.earlyStop : 0;
    return this.#deps.control() | this.#timeBudget | early;
  }

  /** Waits for this member's lanes, then for the others', and says so. Either may fail first; neither goes unhandled. */
  async #complete(computing: Promise<unknown>, combined: Promise<StepResult>): Promise<StepResult> {
    const { exchange, status } = this.#deps;
    const computed = computing.then(() =>
      watchAwaited(
        () => exchange.awaited(),
        (members) => status.awaits(members),
      ),
    );
    try {
      const [result] = await Promise.all([combined, computed]);
      return result;
    } finally {
      computed.then((unwatch) => unwatch()).catch(() => undefined);
    }
  }

  #record(before: number, shares: readonly LaneShare[], done: readonly LaneDone[]): void {
    const { outbox } = this.#deps;
    const { spec, state } = this.#setup;
    outbox.addStep(pointsOfRound(done, before, spec.records.every), [], 0);
    outbox.addLedger(ledgerOf(this.#step, shares, state.cursors));
  }

  /** Every skipped step is in the log; who watches hears of the first. */
  #tellSkipped(reason: string): void {
    const { logger, reporter } = this.#deps;
    const text = `${reason}; the step is skipped`;
    logger.warn({ step: this.#step }, text);
    if (!this.#toldSkipped) reporter.notice(text);
    this.#toldSkipped = true;
  }
}

const endedEarly = ({ reason }: EarlyStop): AgreedStop => ({ outcome: 'finished', reason });
