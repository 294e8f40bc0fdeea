import { blockElements } from '@tributary/protocol';
import { combineInto, innerProduct, meanInto } from './arithmetic.js';
import type { Codec } from './codec.js';
import { chunkLength, type ExchangePlan } from './exchange-plan.js';
import { headBytes } from './wire.js';

/**
 * The owner's part of a step: each lane's piece of the shard, the tasks' means, the inner products of each block, and the
 * combined shard. Blocks are reduced as soon as all lanes' pieces of them are there, in any order.
 */
export class ShardReducer {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  /** [ownElements] of each lane. */
  readonly #pieces: readonly Float32Array[];
  /** [ownElements] of each task; a task with one lane has that lane's piece. */
  readonly #means: readonly Float32Array[];
  readonly #lanesOfTask: readonly (readonly Float32Array[])[];
  /** Chunks of any lane that each own block still lacks. */
  readonly #lacking: Uint32Array;
  readonly #scratch = new Float64Array(blockElements);
  /** [own blocks × pairs] */
  readonly ownSums: Float64Array;
  #blocksLeft = 0;

  constructor(plan: ExchangePlan, codec: Codec) {
    this.#plan = plan;
    this.#codec = codec;
    this.#pieces = plan.laneTask.map(() => new Float32Array(plan.ownElements));
    this.#lanesOfTask = plan.taskLanes.map((lanes) => lanes.map((lane) => this.#pieces[lane] as Float32Array));
    this.#means = this.#lanesOfTask.map((lanes) =>
      lanes.length === 1 ? (lanes[0] as Float32Array) : new Float32Array(plan.ownElements),
    );
    const blocks = plan.shards[plan.self]?.blockCount ?? 0;
    this.#lacking = new Uint32Array(blocks);
    this.ownSums = new Float64Array(blocks * plan.pairs);
    this.reset();
  }

  reset(): void {
    const { ownChunks, chunksPerBlock, laneCount } = this.#plan;
    for (let block = 0; block < this.#lacking.length; block++)
      this.#lacking[block] = Math.min(chunksPerBlock, ownChunks - block * chunksPerBlock) * laneCount;
    this.#blocksLeft = this.#lacking.length;
  }

  /** Whether the sums of all own blocks are known. */
  get reduced(): boolean {
    return this.#blocksLeft === 0;
  }

  /** The shard of a lane computed here. It passes the codec like any other. */
  addLocal(lane: number, shared: Float32Array): void {
    const { firstElement, firstChunk, ownChunks, chunkElements, sharedElements } = this.#plan;
    const target = this.#pieces[lane] as Float32Array;
    for (let chunk = firstChunk; chunk < firstChunk + ownChunks; chunk++) {
      const from = chunk * chunkElements;
      this.#codec.pass(shared, from, chunkLength(sharedElements, chunkElements, chunk), target, from - firstElement);
      this.#arrived(chunk);
    }
  }

  /** One chunk of another member's lane, not seen before. */
  addPiece(lane: number, chunk: number, message: Uint8Array): void {
    const { firstElement, chunkElements, sharedElements } = this.#plan;
    const length = chunkLength(sharedElements, chunkElements, chunk);
    this.#codec.decode(
      message,
      headBytes,
      length,
      this.#pieces[lane] as Float32Array,
      chunk * chunkElements - firstElement,
    );
    this.#arrived(chunk);
  }

  #arrived(chunk: number): void {
    const block = Math.floor((chunk - this.#plan.firstChunk) / this.#plan.chunksPerBlock);
    this.#lacking[block] = (this.#lacking[block] as number) - 1;
    if (this.#lacking[block] === 0) this.#reduce(block);
  }

  #reduce(block: number): void {
    const from = block * blockElements;
    const to = Math.min(from + blockElements, this.#plan.ownElements);
    for (const [task, lanes] of this.#lanesOfTask.entries())
      if (lanes.length > 1) meanInto(this.#means[task] as Float32Array, lanes, from, to, this.#scratch);
    const tasks = this.#means.length;
    let at = block * this.#plan.pairs;
    for (let s = 0; s < tasks; s++)
      for (let t = s; t < tasks; t++)
        this.ownSums[at++] = innerProduct(this.#means[s] as Float32Array, this.#means[t] as Float32Array, from, to);
    this.#blocksLeft -= 1;
  }

  /** Writes one own chunk of Σ coefficients[t]·mean[t] to its place in `shared`, through the codec. */
  combine(chunk: number, coefficients: Float64Array, shared: Float32Array): void {
    const { firstElement, chunkElements, sharedElements } = this.#plan;
    const at = chunk * chunkElements;
    const length = chunkLength(sharedElements, chunkElements, chunk);
    combineInto(shared, at, this.#means, coefficients, at - firstElement, length, this.#scratch);
    this.#codec.pass(shared, at, length, shared, at);
  }
}
