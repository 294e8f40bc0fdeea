import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import { BlockReducer } from './block-reducer.js';
import { chunkOf } from './chunk-length.js';
import type { Codec } from './codecs/codec.js';
import type { ExchangePlan } from './exchange-plan.js';
import type { StepLanes } from './step-lanes.js';
import type { VectorAllocator } from './vector-allocator.js';

/** The owner's part of a step: each lane's piece of the shard, the tasks' means, the inner products of each block. */
export class ShardReducer {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  readonly #arithmetic: VectorArithmetic;
  readonly #blocks: BlockReducer;
  #lanes: StepLanes | null = null;

  constructor(plan: ExchangePlan, codec: Codec, arithmetic: VectorArithmetic, memory: VectorAllocator) {
    this.#plan = plan;
    this.#codec = codec;
    this.#arithmetic = arithmetic;
    const { ownElements, chunkElements, taskLanes, laneHost, self } = plan;
    // The piece of a lane that is computed here and not coded is read where it lies.
    const buffered = laneHost.flatMap((host, lane) => (host !== self || !codec.identity ? [lane] : []));
    this.#blocks = new BlockReducer({ elements: ownElements, chunkElements, taskLanes, buffered }, arithmetic, memory);
    for (const [task, lanes] of taskLanes.entries()) {
      if (lanes.length === 1) continue;
      const place = lanes.find((lane) => buffered.includes(lane));
      this.#blocks.writeMean(task, place === undefined ? memory.float32(ownElements) : this.#blocks.buffer(place));
    }
  }

  reset(lanes: StepLanes): void {
    this.#lanes = lanes;
    this.#blocks.reset(lanes.tasks);
  }

  /** Whether the sums of all own blocks are known. */
  get reduced(): boolean {
    return this.#blocks.reduced;
  }

  /** [own blocks × pairs of present tasks] */
  get ownSums(): Float64Array {
    const { shards, self } = this.#plan;
    return this.#blocks.sums.subarray(0, (shards[self]?.blockCount ?? 0) * (this.#lanes?.pairs ?? 0));
  }

  /** Gives the gradient of a lane that is computed here and not coded, before its chunks arrive. */
  give(lane: number, shared: Float32Array): void {
    const { firstElement, ownElements } = this.#plan;
    this.#blocks.give(lane, shared.subarray(firstElement, firstElement + ownElements));
  }

  /** Where one own chunk of a received or coded lane is written. */
  place(lane: number, chunk: number): Float32Array {
    return chunkOf(this.#blocks.buffer(lane), this.#plan.chunkElements, chunk - this.#plan.firstChunk);
  }

  /** Tells that one own chunk of a lane is in its place. */
  arrived(chunk: number): void {
    this.#blocks.arrived(chunk - this.#plan.firstChunk);
  }

  /** Takes one chunk of another member's lane, not seen before. */
  receive(lane: number, chunk: number, code: Uint8Array): void {
    this.#codec.decode(code, this.place(lane, chunk));
    this.arrived(chunk);
  }

  /** Writes one own chunk of Σ coefficients[p]·mean[p] over the present tasks, in their order. */
  combine(chunk: number, coefficients: Float64Array, target: Float32Array): void {
    const { firstChunk, chunkElements } = this.#plan;
    const means = (this.#lanes as StepLanes).tasks.map((task) =>
      chunkOf(this.#blocks.mean(task), chunkElements, chunk - firstChunk),
    );
    this.#arithmetic.combine(target, means, coefficients);
  }
}
