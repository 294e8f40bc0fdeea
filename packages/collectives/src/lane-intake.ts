import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import { chunkOf } from './chunk-length.js';
import type { Codec } from './codecs/codec.js';
import type { LaneContribution } from './exchange-options.js';
import type { ExchangePlan } from './exchange-plan.js';
import type { ResidualStore } from './residual-store.js';
import type { ShardReducer } from './shard-reducer.js';
import type { StepOutbox } from './step-outbox.js';
import type { TaskReducer } from './task-reducer.js';
import type { VectorAllocator } from './vector-allocator.js';

export interface LaneIntakeDeps {
  readonly codec: Codec;
  readonly arithmetic: VectorArithmetic;
  /** Null where the codec loses nothing, or what it loses is not kept. */
  readonly residuals: ResidualStore | null;
  readonly shard: ShardReducer;
  readonly tasks: TaskReducer;
}

/**
 * Takes the gradients of a lane that was computed here, chunk by chunk in one pass: each is looked at, coded, sent if it is wanted
 * already, or handed to the reducers, while it lies in the processor's cache.
 */
export class LaneIntake {
  readonly #plan: ExchangePlan;
  readonly #deps: LaneIntakeDeps;
  /** Code of a chunk that goes nowhere: only what it decodes to is used. */
  readonly #scratch: Uint8Array;

  constructor(plan: ExchangePlan, deps: LaneIntakeDeps, memory: VectorAllocator) {
    this.#plan = plan;
    this.#deps = deps;
    this.#scratch = memory.bytes(deps.codec.identity ? 0 : deps.codec.encodedBytes(plan.chunkElements));
  }

  /** Whether loss and gradients are all finite. */
  take(contribution: LaneContribution, outbox: StepOutbox): boolean {
    const { lane, loss, shared, task } = contribution;
    outbox.open(contribution);
    const sharedIsFinite = this.#takeShared(lane, shared, outbox);
    const single = (this.#plan.taskLanes[this.#plan.laneTask[lane] as number] as readonly number[]).length === 1;
    const taskIsFinite =
      this.#deps.codec.identity || single ? this.#takeTask(lane, task, outbox) : this.#codeTask(lane, task, outbox);
    return Number.isFinite(loss) && sharedIsFinite && taskIsFinite;
  }

  #takeShared(lane: number, shared: Float32Array, outbox: StepOutbox): boolean {
    const { chunkOrder, chunkElements, firstChunk, ownChunks } = this.#plan;
    const { codec, arithmetic, residuals, shard } = this.#deps;
    if (codec.identity) shard.give(lane, shared);
    let finite = true;
    for (let place = 0; place < chunkOrder.length; place++) {
      const chunk = chunkOrder[place] as number;
      const own = chunk >= firstChunk && chunk < firstChunk + ownChunks;
      const source = chunkOf(shared, chunkElements, chunk);
      if (codec.isFinite === undefined) finite = finite && arithmetic.allFinite(source);
      if (!codec.identity) {
        const residual = residuals?.ofShared(lane, chunk);
        const code = own ? shard.code(lane, chunk) : outbox.pieceCode(lane, chunk);
        codec.encode(source, code, { residual });
        if (codec.isFinite !== undefined) finite = finite && codec.isFinite(code);
      }
      if (own) shard.arrived(chunk);
      else outbox.pieceReady(lane, chunk);
    }
    return finite;
  }

  /** A single lane's task gradient never leaves its worker, wherever that is: it is not coded. */
  #takeTask(lane: number, task: Float32Array, outbox: StepOutbox): boolean {
    const { arithmetic, tasks } = this.#deps;
    tasks.give(lane, task);
    let finite = true;
    for (let chunk = 0; chunk < (this.#plan.taskChunks[lane] as number); chunk++) {
      finite = finite && arithmetic.allFinite(chunkOf(task, this.#plan.chunkElements, chunk));
      outbox.taskReady(lane, chunk);
      tasks.arrived(lane, chunk);
    }
    return finite;
  }

  #codeTask(lane: number, task: Float32Array, outbox: StepOutbox): boolean {
    const { codec, arithmetic, residuals, tasks } = this.#deps;
    let finite = true;
    for (let chunk = 0; chunk < (this.#plan.taskChunks[lane] as number); chunk++) {
      const source = chunkOf(task, this.#plan.chunkElements, chunk);
      const decoded = tasks.place(lane, chunk);
      const residual = residuals?.ofTask(lane, chunk);
      codec.encode(source, outbox.taskCode(lane, chunk) ?? this.#scratch, { residual, decoded });
      // Only the task's hosts see what was decoded, so it is looked at here, and all are told.
      finite = finite && arithmetic.allFinite(decoded);
      outbox.taskReady(lane, chunk);
      tasks.arrived(lane, chunk);
    }
    return finite;
  }
}
