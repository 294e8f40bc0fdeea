import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import { BlockReducer } from './block-reducer.js';
import { chunkLength, chunkOf } from './chunk-length.js';
import type { Codec } from './codecs/codec.js';
import type { ExchangePlan } from './exchange-plan.js';
import { LaneVectors } from './lane-vectors.js';
import type { StepLanes } from './step-lanes.js';
import type { VectorAllocator } from './vector-allocator.js';

/**
 * The owner's part of a step: each lane's piece of the shard, the tasks' means, the inner products of each block. Coded pieces are
 * kept as their codes.
 */
export class ShardReducer {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  readonly #arithmetic: VectorArithmetic;
  readonly #vectors: LaneVectors;
  readonly #blocks: BlockReducer;
  #lanes: StepLanes | null = null;

  constructor(plan: ExchangePlan, codec: Codec, arithmetic: VectorArithmetic, memory: VectorAllocator) {
    this.#plan = plan;
    this.#codec = codec;
    this.#arithmetic = arithmetic;
    const { ownElements: elements, chunkElements, taskLanes, laneHost, self } = plan;
    // The piece of a lane that is computed here and not coded is read where it lies.
    const buffered = codec.identity ? laneHost.flatMap((host, lane) => (host === self ? [] : [lane])) : [];
    const coded = codec.identity ? undefined : { lanes: [...laneHost.keys()], codec };
    this.#vectors = new LaneVectors({ elements, taskLanes, buffered, coded }, arithmetic, memory);
    this.#blocks = new BlockReducer({ elements, chunkElements, taskLanes }, this.#vectors, arithmetic);
    for (const [task, lanes] of taskLanes.entries()) {
      if (lanes.length === 1) continue;
      const place = lanes.find((lane) => buffered.includes(lane));
      this.#vectors.writeMean(task, place === undefined ? memory.float32(elements) : this.#vectors.buffer(place));
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
    this.#vectors.give(lane, shared.subarray(firstElement, firstElement + ownElements));
  }

  /** Where the code of one own chunk of a lane is written. */
  code(lane: number, chunk: number): Uint8Array {
    const { firstChunk, chunkElements, ownElements } = this.#plan;
    const own = chunk - firstChunk;
    return this.#vectors.code(lane, own * chunkElements, chunkLength(ownElements, chunkElements, own));
  }

  /** Tells that one own chunk of a lane is in its place. */
  arrived(chunk: number): void {
    this.#blocks.arrived(chunk - this.#plan.firstChunk);
  }

  /** Takes one chunk of another member's lane, not seen before. */
  receive(lane: number, chunk: number, code: Uint8Array): void {
    const { chunkElements, firstChunk } = this.#plan;
    if (this.#codec.identity)
      this.#codec.decode(code, chunkOf(this.#vectors.buffer(lane), chunkElements, chunk - firstChunk));
    else this.#arithmetic.copy(this.code(lane, chunk), code);
    this.arrived(chunk);
  }

  /** Writes one own chunk of Σ coefficients[p]·mean[p] over the present tasks, in their order. */
  combine(chunk: number, coefficients: Float64Array, target: Float32Array): void {
    const { firstChunk, chunkElements } = this.#plan;
    const from = (chunk - firstChunk) * chunkElements;
    const means = (this.#lanes as StepLanes).tasks.map((task) => this.#vectors.mean(task, from, from + target.length));
    this.#arithmetic.combine(target, means, coefficients);
  }
}
