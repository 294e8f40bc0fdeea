import type { GradientExchange } from '@tributary/collectives';
import type { MemberEnding, StopRequest } from '@tributary/protocol';
import { TributaryError } from '@tributary/protocol';
import { CheckpointWriter } from './checkpoint-writer.js';
import type { ComputeClient } from './compute-client.js';
import type { Warming } from './compute-messages.js';
import { bitOf } from './control-bits.js';
import type { PassTrainerFaultPoint } from './fault-points.js';
import { GenerationSetup } from './generation-setup.js';
import { lineageOf } from './lineage.js';
import { NonFiniteGuard } from './non-finite-guard.js';
import { RecordOutbox } from './record-outbox.js';
import { fetchRestoredParts, neededParts, type RestoredParts, recordsToPublish } from './restored-parts.js';
import { SnapshotWriter } from './snapshot-writer.js';
import { StateEncoder } from './state-encoder.js';
import { partNames } from './state-parts.js';
import { StateWriter } from './state-writer.js';
import { StatusReports } from './status-reports.js';
import { StepReporter } from './step-reporter.js';
import type { TrainerDeps, TrainerOptions } from './trainer-types.js';
import { Training } from './training.js';
import { unlessAborted } from './unless-aborted.js';
import { within } from './within.js';

/** How long a failing run waits for what it still writes, and then for JetStream to take its last records. */
const lastWordsMs = 5_000;

/** One member's training of one generation, from restore to its ending. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #deps: TrainerDeps;
  readonly #setup: GenerationSetup;
  readonly #status: StatusReports;
  readonly #outbox: RecordOutbox;
  readonly #encoder = new StateEncoder();
  readonly #checkpoints: CheckpointWriter;
  readonly #snapshots: SnapshotWriter;
  readonly #stateWriter: StateWriter;
  readonly #aborting = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  readonly #pass: PassTrainerFaultPoint;
  #control = 0;
  #tellNotice: (text: string) => void = () => {};

  constructor(options: TrainerOptions, deps: TrainerDeps) {
    const { document, member } = options;
    const { signal } = this.#aborting;
    this.#options = options;
    this.#deps = deps;
    this.#pass = deps.pass ?? (() => {});
    this.#setup = new GenerationSetup(options);
    const { plan } = this.#setup;
    this.#status = new StatusReports(document.resume.step, deps);
    const { run, attempt, generation } = document;
    this.#outbox = new RecordOutbox(
      { subject: options.recordsSubject, run, attempt, generation, member, flushIntervalMs: 250 },
      deps,
    );
    const writing = { ...deps, outbox: this.#outbox, pass: this.#pass, signal };
    this.#checkpoints = new CheckpointWriter(document, partNames(plan.tasks, plan.lanes), writing);
    this.#snapshots = new SnapshotWriter(document, plan.member.worker, {
      ...writing,
      onTaken: (step, sharedHash) => this.#status.snapshotTaken(step, sharedHash),
      onFailure: (text) => this.#tellNotice(text),
    });
    this.#stateWriter = new StateWriter(document, plan, {
      encoder: this.#encoder,
      snapshots: this.#snapshots,
      checkpoints: this.#checkpoints,
      outbox: this.#outbox,
    });
    if (document.stop) this.stop(document.stop);
  }

  /** Asks all members, with the next step's messages, to stop at one step. */
  stop(request: StopRequest): void {
    this.#control |= bitOf(request);
  }

  /**
   * Gives the generation up: `run` rejects with GENERATION_SUPERSEDED once nothing of it computes or sends any more and nothing
   * that it still writes is announced. The compute thread lives on.
   */
  async abort(): Promise<void> {
    this.#aborting.abort(
      new TributaryError('GENERATION_SUPERSEDED', 'Another generation takes the place of this one.'),
    );
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
    const { signal } = this.#aborting;
    let compute: ComputeClient | null = null;
    let exchange: GradientExchange | null = null;
    try {
      signal.throwIfAborted();
      this.#status.moved('starting', this.#options.document.resume.step);
      const restored = this.#fetchState();
      // Awaited below, once the thread has taken the vectors.
      restored.catch(() => undefined);
      compute = await unlessAborted(this.#openCompute(), signal);
      const reporter = this.#reporter(compute);
      await this.#begin(compute, await restored);
      exchange = this.#setup.exchange.open(this.#setup.state.carried, this.#deps);
      for (const notice of [compute.notice, this.#setup.exchange.notice]) if (notice) reporter.notice(notice);
      const training = this.#training(compute, exchange, reporter);
      await this.#warmUp(compute, reporter);
      return await this.#trainToEnding(training, reporter);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // A resume begins with the newest checkpoint.
      await within(lastWordsMs, this.#stateWriter.settled());
      await this.#outbox.settledWithin(lastWordsMs);
      throw error;
    } finally {
      compute?.release();
      // Nobody is served by a generation that is given up.
      await (exchange ? exchange.close(signal.aborted ? { lingerMs: 0 } : {}) : this.#deps.transport.close());
      await this.#outbox.close();
      await this.#encoder.close();
    }
  }

  async #trainToEnding(training: Training, reporter: StepReporter): Promise<MemberEnding> {
    const { signal } = this.#aborting;
    const lineage = this.#recordLineage(training.compute);
    const stopped = await training.train();
    const { step } = training;
    this.#status.moved('ending', step);
    this.#pass('ending');
    const outcome = stopped?.outcome ?? 'finished';
    if (outcome === 'finished' && !this.#options.replay) await training.evaluate('test');
    reporter.ending(step);
    await this.#snapshots.room();
    await this.#checkpoints.settled(step);
    await unlessAborted(lineage, signal);
    this.#outbox.addMemberEnd(step, outcome);
    await unlessAborted(this.#outbox.settled(), signal);
    return { outcome, step, reason: stopped?.reason ?? null };
  }

  async #openCompute(): Promise<ComputeClient> {
    const { prepared, backend, device } = this.#options;
    const { plan, spec, exchange, state, strategy } = this.#setup;
    const { shared, tasks } = state.vectors;
    const { threads } = spec.compute;
    const compute = await this.#deps.compute.open({
      prepared,
      lanes: plan.hosted,
      splits: (names) => this.#setup.splits(names, this.#deps.objects),
      shared: shared.parameters,
      tasks: Object.fromEntries([...tasks].map(([task, vector]) => [task, vector.parameters])),
      gradients: exchange.gradients,
      backend,
      device,
      threads,
    });
    strategy.begin(compute.moments);
    return compute;
  }

  /** While the compute thread opens. */
  async #fetchState(): Promise<RestoredParts | null> {
    const { document } = this.#options;
    const deps = { ...this.#deps, signal: this.#aborting.signal };
    return unlessAborted(fetchRestoredParts(document, neededParts(this.#setup.plan), deps), deps.signal);
  }

  /** Puts the state in place that the generation starts from. */
  async #begin(compute: ComputeClient, restored: RestoredParts | null): Promise<void> {
    const { prepared, document } = this.#options;
    const { state } = this.#setup;
    const { signal } = this.#aborting;
    if (!restored && !prepared.init) return;
    this.#status.moved('restoring', document.resume.step);
    if (!restored) {
      if (prepared.init) await unlessAborted(state.initialize(prepared.init, this.#deps.objects), signal);
      return;
    }
    state.restore(restored);
    this.#outbox.addUnacknowledged(recordsToPublish(restored));
    for (const [lane, cursor] of state.cursors)
      await unlessAborted(compute.request({ kind: 'seek', lane, cursor }), signal);
  }

  #training(compute: ComputeClient, exchange: GradientExchange, reporter: StepReporter): Training {
    const { spec, plan, state } = this.#setup;
    const nonFinite = new NonFiniteGuard({
      limit: spec.nonFinite.limit,
      lanes: plan.lanes,
      combiner: spec.combiner.kind,
      inARow: state.carried.skippedInARow,
    });
    return new Training(this.#setup, {
      compute,
      exchange,
      reporter,
      nonFinite,
      outbox: this.#outbox,
      status: this.#status,
      stateWriter: this.#stateWriter,
      copy: this.#encoder.copies.copy,
      control: () => this.#control,
      logger: this.#deps.logger,
      pass: this.#pass,
      signal: this.#aborting.signal,
    });
  }

  /** Compiles every graph of training, so that no step waits for one. */
  async #warmUp(compute: ComputeClient, reporter: StepReporter): Promise<void> {
    const { step } = this.#options.document.resume;
    const onWarming = (warming: Warming): void => {
      this.#status.moved('tracing', step);
      reporter.warming(warming, step);
    };
    await unlessAborted(compute.request({ kind: 'warm-up' }, { onWarming }), this.#aborting.signal);
  }

  #reporter(compute: ComputeClient): StepReporter {
    const { document, eventsSubject } = this.#options;
    const { spec, plan } = this.#setup;
    const { backend, device } = compute;
    const reporter = new StepReporter(
      { document, spec, plan, eventsSubject, backend: `${backend} on ${device}`, device },
      { ...this.#deps, outbox: this.#outbox },
    );
    compute.onTraced = (traced) => reporter.traced(traced);
    this.#tellNotice = (text) => reporter.memberNotice(text);
    return reporter;
  }

  /** Beside the first steps: it asks other programs. */
  async #recordLineage({ backend, device, notice }: ComputeClient): Promise<void> {
    const { plan, spec } = this.#setup;
    if (notice) this.#deps.logger.warn({ notice }, 'slower backend');
    const origin = await lineageOf(this.#options.prepared, spec);
    this.#outbox.addLineage({ worker: plan.member.worker, backend, device, ...origin });
  }
}
