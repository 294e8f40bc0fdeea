import { TributaryError } from '@tributary/protocol';
import { EarlyMessages } from './early-messages.js';
import type {
  CombinerStates,
  ExchangeCounters,
  ExchangeOptions,
  LaneResiduals,
  StepResult,
} from './exchange-options.js';
import { type ExchangeParts, exchangeParts } from './exchange-parts.js';
import type { ExchangePlan } from './exchange-plan.js';
import { unitOf } from './exchange-units.js';
import type { GradientStep } from './gradient-step.js';
import { decodeMemberHeader } from './member-header.js';
import { PeerProgress } from './peer-progress.js';
import { QuietTimer } from './quiet-timer.js';
import type { StepExchange } from './step-exchange.js';
import type { StepInbox } from './step-inbox.js';
import { type StepLanes, stepLanes } from './step-lanes.js';
import type { StepOutbox } from './step-outbox.js';
import { abortable, type StepWaiting, stepWaiting } from './step-waiting.js';
import type { Transport } from './transport.js';
import { type WantList, wantItems, wantMessage } from './want-list.js';
import { flags, type Head, headBytes, kinds, newMessage, readHead } from './wire.js';

export interface ExchangeDeps {
  readonly transport: Transport;
}

const defaultQuietMs = 500;

/**
 * The all-reduce of one generation: lanes' gradients in, one combined gradient out, over shard owners (DESIGN: "A step").
 * Receivers pull: each knows which chunks it needs, asks for no more than its window, and asks again for what does not come.
 * So a transport may lose, repeat and reorder, and memory is bounded everywhere. Placement, arrival order and timing never
 * change a bit of the result: every sum has one order. A task's mean adds its lanes ascending, an inner product is eight float64
 * sums by index modulo 8 within each block, a group's matrix adds its blocks ascending, the squared norm its groups in order, the
 * combined gradient its tasks ascending; all in float64, rounded to float32 where a vector is stored.
 */
export class GradientExchange {
  readonly counters: ExchangeCounters = { malformed: 0, stale: 0, duplicate: 0, ahead: 0, asksRepeated: 0 };
  readonly #plan: ExchangePlan;
  readonly #transport: Transport;
  readonly #inbox: StepInbox;
  readonly #parts: ExchangeParts;
  readonly #current: GradientStep;
  readonly #schedule: ExchangeOptions['schedule'];
  readonly #early = new EarlyMessages();
  readonly #timer: QuietTimer;
  readonly #peers: PeerProgress;
  /** The step that this member is in; null before the first. */
  #step: number | null = null;
  #waiting: StepWaiting | null = null;
  /** What ended the exchange from within; nothing works after it. */
  #failure: Error | null = null;
  #closed = false;
  #closing: Promise<void> | null = null;

  constructor(options: ExchangeOptions, deps: ExchangeDeps) {
    const { transport } = deps;
    if (transport.self !== options.self || transport.size !== options.members.length)
      throw new RangeError(
        `the transport is of member ${transport.self} of ${transport.size}, the options of member ${options.self} of ${options.members.length}`,
      );
    this.#parts = exchangeParts(options, transport);
    const { plan, inbox, step } = this.#parts;
    this.#plan = plan;
    this.#transport = transport;
    this.#inbox = inbox;
    this.#current = step;
    this.#schedule = options.schedule;
    this.#peers = new PeerProgress(plan.self, plan.size);
    this.#timer = new QuietTimer(options.quietMs ?? defaultQuietMs, () => this.#askAgain());
    transport.onMessage((from, message) => this.#onMessage(from, message));
  }

  /** Task names in the order of the Gram matrix. */
  get tasks(): readonly string[] {
    return this.#plan.tasks;
  }

  /** After the last result. */
  get combinerState(): CombinerStates {
    return this.#current.combinerStates;
  }

  /** What a lane here carries into the next step; null where its codec loses nothing. Copy it: it is overwritten. */
  residuals(lane: number): LaneResiduals | null {
    if (this.#plan.laneHost[lane] !== this.#plan.self)
      throw new RangeError(`lane ${lane} is not hosted by this member`);
    return this.#parts.residuals?.of(lane) ?? null;
  }

  /** The members that the step in hand lacks something of, ascending; none between steps. What this member itself owes is not counted. */
  awaited(): readonly number[] {
    return this.#current.started ? this.#inbox.awaited() : [];
  }

  /**
   * Begins a step. Steps follow one another without a gap; the first may be any. `control` bits (0 to 2^32-1) are OR-ed over
   * all members and come back, the same for all, in this step's result.
   */
  step(step: number, control: number): StepExchange {
    if (this.#closing !== null)
      throw new TributaryError('GENERATION_SUPERSEDED', 'The exchange of this generation is closed.');
    if (this.#step === null) this.#enter(step);
    if (this.#failure !== null) throw this.#failure;
    if (step !== this.#step || this.#current.started)
      throw new RangeError(
        `step ${step} cannot begin: step ${this.#step} is ${this.#current.started ? 'not complete' : 'next'}`,
      );
    const waiting = stepWaiting();
    this.#waiting = waiting;
    this.#current.start(control);
    this.#timer.start();
    this.#advance();
    let bits = control;
    return {
      contribute: (contribution, more = 0) => {
        if (this.#step !== step) throw new RangeError(`step ${step} is over; lane ${contribution.lane} came too late`);
        bits |= more;
        this.#current.contribute(contribution, bits);
        this.#advance();
      },
      result: (signal) => abortable(waiting.promise, signal),
    };
  }

  /**
   * Ends the exchange and its transport. Between steps it first serves the others until each has the last step, at most
   * `lingerMs` after the last sign of one that lacks it; inside a step it ends at once and the result rejects.
   */
  close(options: { readonly lingerMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.lingerMs ?? 3_000);
    return this.#closing;
  }

  async #close(lingerMs: number): Promise<void> {
    if (this.#step !== null && !this.#current.started) {
      const step = this.#step;
      await this.#peers.reached(step, lingerMs, (peer) => this.#tellProgress(peer, flags.reply));
    }
    this.#closed = true;
    this.#timer.stop();
    const leaving = { kind: kinds.progress, step: this.#step ?? 0, lane: 0, chunk: 0, flags: flags.leaving };
    if (this.#plan.size > 1) this.#transport.broadcast(newMessage(this.#plan.hash, leaving, 0));
    this.#waiting?.reject(
      new TributaryError('GENERATION_SUPERSEDED', `The exchange was closed before step ${this.#step} was complete.`),
    );
    this.#waiting = null;
    await this.#transport.close();
  }

  #outbox(step: number): StepOutbox {
    return this.#parts.outboxes[step % 2] as StepOutbox;
  }

  /** Becomes ready for a step: asks for its first window and takes what came early. */
  #enter(step: number): void {
    this.#step = step;
    const lanes = this.#lanesOf(step);
    if (lanes === null) return;
    this.#outbox(step).reset(step);
    this.#current.reset(this.#outbox(step), lanes);
    const wants = this.#inbox.nextWants();
    const told = new Set<number>();
    if (wants !== null) this.#sendWants(wants, 0, (peer) => told.add(peer));
    // Every member learns that this one has the step before, also those it wants nothing of.
    for (let peer = 0; peer < this.#plan.size; peer++)
      if (peer !== this.#plan.self && !told.has(peer)) this.#tellProgress(peer, 0);
    for (const { from, message } of this.#early.take(step)) this.#onMessage(from, message);
  }

  /** Null where the schedule is at fault: the exchange cannot go on. */
  #lanesOf(step: number): StepLanes | null {
    try {
      return stepLanes(this.#plan, this.#schedule?.(step) ?? null, step);
    } catch (error) {
      this.#fail(error as Error);
      return null;
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#timer.stop();
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  #advance(): void {
    let result: StepResult | null = null;
    try {
      result = this.#current.advance();
    } catch (error) {
      // The combiner is given from outside.
      this.#fail(error as Error);
    }
    if (result === null) return;
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#timer.stop();
    waiting?.resolve(result);
    this.#enter(result.step + 1);
  }

  #onMessage(from: number, message: Uint8Array): void {
    if (this.#closed || this.#failure !== null) return;
    const head = readHead(message, this.#plan.hash);
    if (head === null) {
      this.counters.malformed += 1;
      return;
    }
    const current = this.#step;
    const leaving = head.kind === kinds.progress && (head.flags & flags.leaving) !== 0;
    // What was asked before this peer had subscribed is lost.
    if (this.#peers.seen(from, head.step, leaving) && current !== null) this.#askAgain(from);
    if (head.kind === kinds.progress) {
      if ((head.flags & flags.reply) !== 0 && current !== null) this.#tellProgress(from, 0);
    } else if (current === null || head.step === current + 1) {
      if (!this.#early.keep(from, head.step, message)) this.counters.ahead += 1;
    } else if (head.step > current) {
      this.counters.ahead += 1;
    } else if (head.kind === kinds.want) {
      this.#onWant(from, head, message);
    } else if (head.step < current) {
      this.counters.stale += 1;
    } else if (this.#accept(from, head, message)) {
      this.#timer.progress();
      this.#current.bytesReceived += message.byteLength;
      this.#advance();
    }
  }

  #onWant(from: number, head: Head, message: Uint8Array): void {
    const outbox = this.#outbox(head.step);
    if (outbox.step !== head.step) {
      this.counters.stale += 1;
      return;
    }
    const again = (head.flags & flags.again) !== 0;
    for (const { kind, lane, first, count } of wantItems(message))
      if (!outbox.want(from, kind, lane, first, count, again)) this.counters.malformed += 1;
  }

  /** Takes a message of the current step; false where it is not used. */
  #accept(from: number, head: Head, message: Uint8Array): boolean {
    const body = message.subarray(headBytes);
    if (head.kind === kinds.header || head.kind === kinds.sums) {
      const before = head.kind === kinds.header ? this.#inbox.hasHeader(from) : this.#inbox.hasSums(from, head.chunk);
      if (before) return this.#unused('duplicate');
      if (head.kind === kinds.sums) return this.#current.addSums(from, head.chunk, body) || this.#unused('malformed');
      const header = decodeMemberHeader(body);
      return (
        (header !== null && this.#current.addHeader(from, header.control, header.lanes)) || this.#unused('malformed')
      );
    }
    const unit = unitOf(this.#plan, from, head, message.byteLength);
    if (unit < 0) return this.#unused('malformed');
    if (!this.#inbox.take(unit)) return this.#unused('duplicate');
    if (head.kind === kinds.piece) this.#current.addPiece(head.lane, head.chunk, body);
    else if (head.kind === kinds.task) this.#current.addTaskChunk(head.lane, head.chunk, body);
    else this.#current.addCombined(head.chunk, body);
    const wants = this.#inbox.nextWants();
    if (wants !== null) this.#sendWants(wants, 0);
    return true;
  }

  #unused(counter: 'duplicate' | 'malformed'): false {
    this.counters[counter] += 1;
    return false;
  }

  #sendWants(wants: WantList, flagBits: number, told?: (peer: number) => void, only?: number): void {
    wants.drain(this.#transport.maxPayloadBytes, (peer, items) => {
      if (only !== undefined && peer !== only) return;
      this.#transport.send(peer, wantMessage(this.#plan.hash, this.#step as number, flagBits, items));
      told?.(peer);
    });
  }

  #tellProgress(peer: number, flagBits: number): void {
    const head = { kind: kinds.progress, step: this.#step ?? 0, lane: 0, chunk: 0, flags: flagBits };
    this.#transport.send(peer, newMessage(this.#plan.hash, head, 0));
  }

  /** A deadline only asks again: whether a silent peer is lost is decided by its beacon, elsewhere. */
  #askAgain(only?: number): void {
    if (this.#step === null || this.#plan.size === 1) return;
    if (only === undefined) this.counters.asksRepeated += 1;
    this.#sendWants(this.#inbox.missing(), flags.again, undefined, only);
  }
}
