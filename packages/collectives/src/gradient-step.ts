import { allFinite, clipScale, combinedNorm, gramMatrix } from './arithmetic.js';
import type { Codec } from './codec.js';
import type { Combiner } from './combiner.js';
import type { CombinerStates, LaneContribution, StepResult } from './exchange-options.js';
import { chunkLength, type ExchangePlan } from './exchange-plan.js';
import { encodeMemberHeader, type LaneFacts } from './member-header.js';
import { ShardReducer } from './shard-reducer.js';
import type { StepInbox } from './step-inbox.js';
import type { StepOutbox } from './step-outbox.js';
import { TaskReducer } from './task-reducer.js';
import { headBytes } from './wire.js';

/**
 * The step that this member is in: from the first want to the result. One object, used again for every step; what outlives a
 * step is in its outbox.
 */
export class GradientStep {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  readonly #clipNorm: number | null;
  readonly #combiner: Combiner;
  readonly #inbox: StepInbox;
  readonly #shard: ShardReducer;
  readonly #tasks: TaskReducer;
  readonly #losses: Float64Array;
  readonly #tokens: Float64Array;
  readonly #blockSums: Float64Array;
  readonly #contributed: Uint8Array;
  #facts: LaneFacts[] = [];
  #outbox: StepOutbox;
  combinerStates: CombinerStates;
  #started = false;
  #nonFinite: number[] = [];
  #control = 0;
  #sumsPublished = false;
  #coefficients: Float64Array | null = null;
  #gram: Float64Array;
  #norm = 0;
  #scale = 1;
  #contributedAt = 0;
  #reducedAt = 0;
  #weighedAt = 0;
  #tasksAt = 0;
  bytesReceived = 0;

  constructor(
    plan: ExchangePlan,
    deps: {
      readonly codec: Codec;
      readonly combiner: Combiner;
      readonly combinerStates: CombinerStates;
      readonly clipNorm: number | null;
      readonly inbox: StepInbox;
      readonly outbox: StepOutbox;
    },
  ) {
    this.#plan = plan;
    this.#codec = deps.codec;
    this.#clipNorm = deps.clipNorm;
    this.#combiner = deps.combiner;
    this.combinerStates = deps.combinerStates;
    this.#inbox = deps.inbox;
    this.#outbox = deps.outbox;
    this.#shard = new ShardReducer(plan, deps.codec);
    this.#tasks = new TaskReducer(plan, deps.codec, deps.clipNorm);
    this.#losses = new Float64Array(plan.laneCount);
    this.#tokens = new Float64Array(plan.laneCount);
    this.#blockSums = new Float64Array(plan.blockCount * plan.pairs);
    this.#contributed = new Uint8Array(plan.laneCount);
    this.#gram = new Float64Array(plan.tasks.length ** 2);
  }

  get started(): boolean {
    return this.#started;
  }

  /** Prepares for the next step: from here on its messages may come. */
  reset(outbox: StepOutbox): void {
    this.#outbox = outbox;
    this.#inbox.reset();
    this.#shard.reset();
    this.#tasks.reset(outbox.step);
    this.#contributed.fill(0);
    this.#facts = [];
    this.#started = false;
    this.#nonFinite = [];
    this.#control = 0;
    this.#sumsPublished = false;
    this.#coefficients = null;
    this.#gram = new Float64Array(this.#plan.tasks.length ** 2);
    this.#norm = Number.NaN;
    this.#scale = 1;
    this.#reducedAt = this.#weighedAt = this.#tasksAt = 0;
    this.bytesReceived = 0;
  }

  start(control: number): void {
    this.#started = true;
    this.#control |= control;
    this.#contributedAt = performance.now();
    if (this.#plan.localLanes.length === 0) this.#publishHeader(control);
  }

  /** @throws RangeError for a lane that is not here or was given already, or arrays of another length. */
  contribute(contribution: LaneContribution, control: number): void {
    const { lane, loss, tokens, shared, task } = contribution;
    const taskElements = this.#plan.taskElements[this.#plan.laneTask[lane] as number];
    if (this.#plan.laneHost[lane] !== this.#plan.self)
      throw new RangeError(`lane ${lane} is not hosted by this member`);
    if (this.#contributed[lane] !== 0) throw new RangeError(`lane ${lane} was contributed twice to one step`);
    if (shared.length !== this.#plan.sharedElements || task.length !== taskElements)
      throw new RangeError(
        `lane ${lane} contributed ${shared.length} shared and ${task.length} task elements instead of ${this.#plan.sharedElements} and ${taskElements}`,
      );
    this.#contributed[lane] = 1;
    // First of all it goes on its way; the rest is done while it travels.
    this.#outbox.contribute(contribution);
    this.#shard.addLocal(lane, shared);
    this.#tasks.addLocal(lane, task);
    const finite = Number.isFinite(loss) && allFinite(shared) && allFinite(task);
    this.#facts.push({ lane, finite, loss, tokens });
    if (this.#facts.length === this.#plan.localLanes.length) {
      this.#contributedAt = performance.now();
      this.#publishHeader(control);
    }
  }

  #publishHeader(control: number): void {
    this.#outbox.publishHeader(encodeMemberHeader(control, this.#facts));
    this.addHeader(this.#plan.self, control, this.#facts);
  }

  /** False where the facts are not of that member's lanes. */
  addHeader(member: number, control: number, facts: readonly LaneFacts[]): boolean {
    const expected = this.#plan.laneHost.filter((host) => host === member).length;
    const lanes = new Set(facts.filter(({ lane }) => this.#plan.laneHost[lane] === member).map(({ lane }) => lane));
    if (facts.length !== expected || lanes.size !== expected) return false;
    if (!this.#inbox.takeHeader(member)) return true;
    this.#control |= control;
    for (const { lane, finite, loss, tokens } of facts) {
      this.#losses[lane] = loss;
      this.#tokens[lane] = tokens;
      if (!finite) this.#nonFinite.push(lane);
    }
    return true;
  }

  addPiece(lane: number, chunk: number, message: Uint8Array): void {
    this.#shard.addPiece(lane, chunk, message);
  }

  addTaskChunk(lane: number, chunk: number, message: Uint8Array): void {
    this.#tasks.addChunk(lane, chunk, message);
  }

  /** One chunk of another member's combined shard. */
  addCombined(chunk: number, message: Uint8Array): void {
    const { chunkElements, sharedElements } = this.#plan;
    const length = chunkLength(sharedElements, chunkElements, chunk);
    this.#codec.decode(message, headBytes, length, this.#outbox.shared, chunk * chunkElements);
  }

  /** False where the part is not of that owner or has another length. */
  addSums(owner: number, part: number, message: Uint8Array): boolean {
    const shard = this.#plan.shards[owner];
    if (shard === undefined) return false;
    const first = part * this.#plan.sumsPerPart;
    const count = Math.min(this.#plan.sumsPerPart, shard.blockCount * this.#plan.pairs - first);
    if (count <= 0 || message.byteLength !== headBytes + count * 8) return false;
    if (!this.#inbox.takeSums(owner, part)) return true;
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    const at = shard.firstBlock * this.#plan.pairs + first;
    for (let i = 0; i < count; i++) this.#blockSums[at + i] = view.getFloat64(headBytes + i * 8, true);
    return true;
  }

  /** Does all that has become possible; the result once the step is complete here. */
  advance(): StepResult | null {
    const { self, shards, pairs } = this.#plan;
    if (!this.#sumsPublished && this.#shard.reduced) {
      this.#sumsPublished = true;
      this.#reducedAt = performance.now();
      this.#blockSums.set(this.#shard.ownSums, (shards[self]?.firstBlock ?? 0) * pairs);
      for (let part = 0; part < (this.#plan.sumParts[self] as number); part++) this.#inbox.takeSums(self, part);
      this.#outbox.publishSums(this.#shard.ownSums);
    }
    if (this.#tasksAt === 0 && this.#tasks.complete) this.#tasksAt = performance.now();
    if (!this.#started || !this.#inbox.allHeaders) return null;
    if (this.#nonFinite.length > 0) return this.#result(true);
    if (this.#coefficients === null && this.#sumsPublished && this.#inbox.allSums) this.#combine();
    if (this.#coefficients === null || !this.#inbox.allCombined || !this.#tasks.complete) return null;
    return this.#result(false);
  }

  #combine(): void {
    const { tasks, taskLanes, firstChunk, ownChunks, combinedUnits } = this.#plan;
    this.#gram = gramMatrix(this.#blockSums, tasks.length);
    const losses = Float64Array.from(taskLanes, (lanes) => {
      let sum = 0;
      for (const lane of lanes) sum += this.#losses[lane] as number;
      return sum / lanes.length;
    });
    const { weights, state } = this.#combiner({
      gram: this.#gram,
      losses,
      tasks: tasks.map((_, task) => task),
      taskCount: tasks.length,
      shares: new Float64Array(tasks.length).fill(1),
      step: this.#outbox.step,
      state: this.combinerStates.all ?? {},
    });
    this.combinerStates = { all: state };
    this.#coefficients = weights;
    this.#norm = combinedNorm(this.#gram, weights);
    this.#scale = clipScale(this.#norm, this.#clipNorm);
    const scaled = weights.map((weight) => weight * this.#scale);
    this.#weighedAt = performance.now();
    for (let chunk = firstChunk; chunk < firstChunk + ownChunks; chunk++) {
      this.#shard.combine(chunk, scaled, this.#outbox.shared);
      this.#inbox.take(combinedUnits + chunk);
      this.#outbox.combinedReady(chunk);
    }
  }

  #result(skipped: boolean): StepResult {
    const now = performance.now();
    const since = (end: number, start: number): number => Math.max(0, (end || now) - (start || now));
    if (skipped) this.#outbox.shared.fill(0);
    const coefficients = this.#coefficients ?? new Float64Array(this.#plan.tasks.length);
    return {
      step: this.#outbox.step,
      shared: this.#outbox.shared,
      tasks: this.#tasks.results(skipped),
      losses: this.#losses.slice(),
      tokens: this.#tokens.slice(),
      matrices: [{ group: 'all', gram: this.#gram, coefficients }],
      gram: this.#gram,
      coefficients,
      presentTasks: this.#plan.tasks.map((_, task) => task),
      norm: this.#norm,
      scale: this.#scale,
      combinerState: this.combinerStates,
      control: this.#control >>> 0,
      nonFinite: this.#nonFinite.sort((a, b) => a - b),
      skipped: skipped ? 'lanes' : null,
      exposedMs: since(now, this.#contributedAt),
      bytesSent: this.#outbox.bytesSent,
      bytesReceived: this.bytesReceived,
      phasesMs: {
        gradients: since(this.#reducedAt, this.#contributedAt),
        gram: since(this.#weighedAt, Math.max(this.#reducedAt, this.#contributedAt)),
        combined: since(now, this.#weighedAt),
        tasks: since(this.#tasksAt, this.#contributedAt),
      },
    };
  }
}
