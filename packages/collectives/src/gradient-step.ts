import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import type { Codec } from './codecs/codec.js';
import type { Combiner } from './combiner.js';
import type { CombinerStates, LaneContribution, StepResult } from './exchange-options.js';
import type { ExchangePlan } from './exchange-plan.js';
import { LaneIntake } from './lane-intake.js';
import { encodeMemberHeader, type LaneFacts } from './member-header.js';
import type { ResidualStore } from './residual-store.js';
import { ShardReducer } from './shard-reducer.js';
import type { StepInbox } from './step-inbox.js';
import type { StepLanes } from './step-lanes.js';
import type { StepOutbox } from './step-outbox.js';
import { emptyWeights, overGroups, type StepWeights, weighGroups } from './step-weights.js';
import { TaskReducer } from './task-reducer.js';
import type { VectorAllocator } from './vector-allocator.js';

export interface GradientStepDeps {
  readonly codec: Codec;
  readonly arithmetic: VectorArithmetic;
  readonly memory: VectorAllocator;
  readonly residuals: ResidualStore | null;
  readonly combiner: Combiner;
  readonly combinerStates: CombinerStates;
  readonly clipNorm: number | null;
  readonly inbox: StepInbox;
}

/**
 * The step that this member is in: from the first want to the result. One object, used again for every step; what outlives a
 * step is in its outbox.
 */
export class GradientStep {
  readonly #plan: ExchangePlan;
  readonly #deps: GradientStepDeps;
  readonly #shard: ShardReducer;
  readonly #tasks: TaskReducer;
  readonly #intake: LaneIntake;
  readonly #losses: Float64Array;
  readonly #tokens: Float64Array;
  readonly #blockSums: Float64Array;
  readonly #contributed: Uint8Array;
  #outbox: StepOutbox | null = null;
  #lanes: StepLanes | null = null;
  #facts: LaneFacts[] = [];
  #started = false;
  #nonFinite: number[] = [];
  #control = 0;
  #sumsPublished = false;
  #weights: StepWeights | null = null;
  #contributedAt = 0;
  #reducedAt = 0;
  #weighedAt = 0;
  #tasksAt = 0;
  bytesReceived = 0;
  /** After the last step that counted. */
  combinerStates: CombinerStates;

  constructor(plan: ExchangePlan, deps: GradientStepDeps) {
    const { codec, arithmetic, memory, residuals, clipNorm } = deps;
    this.#plan = plan;
    this.#deps = deps;
    this.combinerStates = deps.combinerStates;
    this.#shard = new ShardReducer(plan, codec, arithmetic, memory);
    this.#tasks = new TaskReducer(plan, { codec, arithmetic, memory, clipNorm });
    this.#intake = new LaneIntake(
      plan,
      { codec, arithmetic, residuals, shard: this.#shard, tasks: this.#tasks },
      memory,
    );
    this.#losses = new Float64Array(plan.laneCount);
    this.#tokens = new Float64Array(plan.laneCount);
    this.#blockSums = new Float64Array(plan.blockCount * plan.mostPairs);
    this.#contributed = new Uint8Array(plan.laneCount);
  }

  get started(): boolean {
    return this.#started;
  }

  /** Prepares for the next step: from here on its messages may come. */
  reset(outbox: StepOutbox, lanes: StepLanes): void {
    this.#outbox = outbox;
    this.#lanes = lanes;
    this.#deps.inbox.reset(lanes);
    this.#shard.reset(lanes);
    this.#tasks.reset(outbox.step, lanes);
    this.#contributed.fill(0);
    this.#losses.fill(Number.NaN);
    this.#tokens.fill(0);
    this.#facts = [];
    this.#started = false;
    this.#nonFinite = [];
    this.#control = 0;
    this.#sumsPublished = false;
    this.#weights = null;
    this.#reducedAt = this.#weighedAt = this.#tasksAt = 0;
    this.bytesReceived = 0;
  }

  start(control: number): void {
    this.#started = true;
    this.#control |= control;
    this.#contributedAt = performance.now();
    if (this.#here.lanes.lanesOf[this.#plan.self] === 0) this.#publishHeader(control);
  }

  /** @throws RangeError for a lane that is not here, absent or given already, or arrays of another length. */
  contribute(contribution: LaneContribution, control: number): void {
    const { lane, loss, tokens, shared, task } = contribution;
    const { lanes, outbox } = this.#here;
    const taskElements = this.#plan.taskElements[this.#plan.laneTask[lane] as number];
    if (this.#plan.laneHost[lane] !== this.#plan.self)
      throw new RangeError(`lane ${lane} is not hosted by this member`);
    if (lanes.present[lane] === 0) throw new RangeError(`lane ${lane} is absent from step ${outbox.step}`);
    if (this.#contributed[lane] !== 0) throw new RangeError(`lane ${lane} was contributed twice to one step`);
    if (shared.length !== this.#plan.sharedElements || task.length !== taskElements)
      throw new RangeError(
        `lane ${lane} contributed ${shared.length} shared and ${task.length} task elements instead of ${this.#plan.sharedElements} and ${taskElements}`,
      );
    this.#contributed[lane] = 1;
    const finite = this.#intake.take(contribution, outbox);
    this.#facts.push({ lane, finite, loss, tokens });
    if (this.#facts.length === lanes.lanesOf[this.#plan.self]) {
      this.#contributedAt = performance.now();
      this.#publishHeader(control);
    }
  }

  #publishHeader(control: number): void {
    this.#here.outbox.publishHeader(encodeMemberHeader(control, this.#facts));
    this.addHeader(this.#plan.self, control, this.#facts);
  }

  /** False where the facts are not of that member's present lanes. */
  addHeader(member: number, control: number, facts: readonly LaneFacts[]): boolean {
    const { present, lanesOf } = this.#here.lanes;
    const theirs = facts.filter(({ lane }) => this.#plan.laneHost[lane] === member && present[lane] === 1);
    const expected = lanesOf[member] as number;
    if (facts.length !== expected || new Set(theirs.map(({ lane }) => lane)).size !== expected) return false;
    if (!this.#deps.inbox.takeHeader(member)) return true;
    this.#control |= control;
    for (const { lane, finite, loss, tokens } of facts) {
      this.#losses[lane] = loss;
      this.#tokens[lane] = tokens;
      if (!finite) this.#nonFinite.push(lane);
    }
    return true;
  }

  addPiece(lane: number, chunk: number, code: Uint8Array): void {
    this.#shard.receive(lane, chunk, code);
  }

  addTaskChunk(lane: number, chunk: number, code: Uint8Array): void {
    this.#tasks.receive(lane, chunk, code);
  }

  /** One chunk of another member's combined shard. */
  addCombined(chunk: number, code: Uint8Array): void {
    this.#deps.codec.decode(code, this.#here.outbox.combined.place(chunk));
  }

  /** False where the part is not of that owner or has another length. */
  addSums(owner: number, part: number, body: Uint8Array): boolean {
    const shard = this.#plan.shards[owner];
    if (shard === undefined) return false;
    const { pairs } = this.#here.lanes;
    const first = part * this.#plan.sumsPerPart;
    const count = Math.min(this.#plan.sumsPerPart, shard.blockCount * pairs - first);
    if (count <= 0 || body.byteLength !== count * 8) return false;
    if (!this.#deps.inbox.takeSums(owner, part)) return true;
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const at = shard.firstBlock * pairs + first;
    for (let i = 0; i < count; i++) this.#blockSums[at + i] = view.getFloat64(i * 8, true);
    return true;
  }

  /** Does all that has become possible; the result once the step is complete here. */
  advance(): StepResult | null {
    const { inbox } = this.#deps;
    if (!this.#sumsPublished && this.#shard.reduced) this.#publishSums();
    if (this.#tasksAt === 0 && this.#tasks.complete) this.#tasksAt = performance.now();
    if (!this.#started || !inbox.allHeaders) return null;
    if (this.#nonFinite.length > 0) return this.#result('lanes');
    if (this.#weights === null && this.#sumsPublished && inbox.allSums) this.#weigh();
    if (this.#weights === null) return null;
    if (!this.#weights.usable) return this.#result('combined');
    return inbox.allCombined && this.#tasks.complete ? this.#result(null) : null;
  }

  #publishSums(): void {
    const { self, shards } = this.#plan;
    const { lanes, outbox } = this.#here;
    this.#sumsPublished = true;
    this.#reducedAt = performance.now();
    const sums = this.#shard.ownSums;
    this.#blockSums.set(sums, (shards[self]?.firstBlock ?? 0) * lanes.pairs);
    for (let part = 0; part < (lanes.sumParts[self] as number); part++) this.#deps.inbox.takeSums(self, part);
    outbox.publishSums(sums);
  }

  #weigh(): void {
    const { firstChunk, ownChunks, chunksPerBlock, combinedUnits, groupOfBlock } = this.#plan;
    const { lanes, outbox } = this.#here;
    const weights = weighGroups({
      plan: this.#plan,
      lanes,
      blockSums: this.#blockSums,
      losses: this.#losses,
      step: outbox.step,
      combiner: this.#deps.combiner,
      states: this.combinerStates,
      clipNorm: this.#deps.clipNorm,
    });
    this.#weights = weights;
    this.#weighedAt = performance.now();
    if (!weights.usable) return;
    for (let chunk = firstChunk; chunk < firstChunk + ownChunks; chunk++) {
      const group = groupOfBlock[Math.floor(chunk / chunksPerBlock)] as number;
      this.#shard.combine(chunk, weights.scaled[group] as Float64Array, outbox.combined.place(chunk));
      this.#deps.inbox.take(combinedUnits + chunk);
      outbox.combined.ready(chunk);
    }
  }

  #result(skipped: StepResult['skipped']): StepResult {
    const now = performance.now();
    const since = (end: number, start: number): number => Math.max(0, (end || now) - (start || now));
    const { lanes, outbox } = this.#here;
    const { shared } = outbox.combined;
    const weights = skipped === 'lanes' || this.#weights === null ? emptyWeights(this.#plan) : this.#weights;
    if (skipped === null) {
      this.combinerStates = weights.states;
      this.#deps.residuals?.advance(lanes.present);
    } else shared.fill(0);
    return {
      step: outbox.step,
      shared,
      tasks: this.#tasks.results(skipped !== null),
      losses: this.#losses.slice(),
      tokens: this.#tokens.slice(),
      matrices: weights.matrices,
      gram: overGroups(weights.matrices, 'gram', 1),
      coefficients: overGroups(weights.matrices, 'coefficients', weights.matrices.length),
      presentTasks: lanes.tasks,
      norm: weights.norm,
      scale: weights.scale,
      combinerState: this.combinerStates,
      control: this.#control >>> 0,
      nonFinite: this.#nonFinite.sort((a, b) => a - b),
      skipped,
      exposedMs: since(now, this.#contributedAt),
      bytesSent: outbox.bytesSent,
      bytesReceived: this.bytesReceived,
      phasesMs: {
        gradients: since(this.#reducedAt, this.#contributedAt),
        gram: since(this.#weighedAt, Math.max(this.#reducedAt, this.#contributedAt)),
        combined: since(now, this.#weighedAt),
        tasks: since(this.#tasksAt, this.#contributedAt),
      },
    };
  }

  get #here(): { readonly outbox: StepOutbox; readonly lanes: StepLanes } {
    if (this.#outbox === null || this.#lanes === null) throw new RangeError('no step has begun');
    return { outbox: this.#outbox, lanes: this.#lanes };
  }
}
