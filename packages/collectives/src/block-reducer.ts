import { blockElements } from '@tributary/protocol';
import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import { pairCount } from './gram.js';
import type { VectorAllocator } from './vector-allocator.js';

export interface BlockReducerOptions {
  /** Length of every vector. */
  readonly elements: number;
  readonly chunkElements: number;
  /** Lanes of each task, ascending. */
  readonly taskLanes: readonly (readonly number[])[];
  /** Lanes whose vectors are received or decoded: they need a place here. Those of the others are given at each step. */
  readonly buffered: readonly number[];
}

/**
 * Lanes' vectors to tasks' means and inner products, block by block: each as soon as all its chunks are there, while they lie in
 * the processor's cache. A mean adds its lanes in lane order; see `VectorArithmetic` for the order within. The order in which
 * chunks arrive changes nothing.
 */
export class BlockReducer {
  readonly #arithmetic: VectorArithmetic;
  readonly #elements: number;
  readonly #chunkElements: number;
  readonly #taskLanes: readonly (readonly number[])[];
  /** By lane: its place, where it is buffered. */
  readonly #buffers: (Float32Array | undefined)[] = [];
  /** By lane: its vector in this step. */
  readonly #vectors: (Float32Array | undefined)[] = [];
  /** By task: where the mean of several lanes is written. */
  readonly #targets: (Float32Array | undefined)[] = [];
  /** Chunks of any lane that each block still lacks. */
  readonly #lacking: Uint32Array;
  #tasks: readonly number[] = [];
  #pairs = 0;
  #blocksLeft = 0;
  /** The first `blocks · pairs` numbers: inner products of the present tasks' means, pairs (0,0) (0,1) … (1,1) … of each block. */
  readonly sums: Float64Array;

  constructor(options: BlockReducerOptions, arithmetic: VectorArithmetic, memory: VectorAllocator) {
    this.#arithmetic = arithmetic;
    this.#elements = options.elements;
    this.#chunkElements = options.chunkElements;
    this.#taskLanes = options.taskLanes;
    for (const lane of options.buffered) this.#buffers[lane] = memory.float32(options.elements);
    const blocks = Math.ceil(options.elements / blockElements);
    this.#lacking = new Uint32Array(blocks);
    this.sums = new Float64Array(blocks * pairCount(options.taskLanes.length));
  }

  /** Sets where the mean of a task's lanes is written: one of its buffered lanes' places, or elsewhere. */
  writeMean(task: number, target: Float32Array): void {
    this.#targets[task] = target;
  }

  /** Begins a step in which these tasks are present. */
  reset(tasks: readonly number[]): void {
    this.#tasks = tasks;
    this.#pairs = pairCount(tasks.length);
    let lanes = 0;
    for (const task of tasks) {
      for (const lane of this.#taskLanes[task] as readonly number[]) {
        lanes += 1;
        this.#vectors[lane] = this.#buffers[lane];
      }
    }
    const chunksPerBlock = blockElements / this.#chunkElements;
    const chunks = Math.ceil(this.#elements / this.#chunkElements);
    for (let block = 0; block < this.#lacking.length; block++)
      this.#lacking[block] = Math.min(chunksPerBlock, chunks - block * chunksPerBlock) * lanes;
    this.#blocksLeft = lanes === 0 ? 0 : this.#lacking.length;
  }

  /** Where a buffered lane's vector is written. */
  buffer(lane: number): Float32Array {
    return this.#buffers[lane] as Float32Array;
  }

  /** Gives the vector of a lane that is not buffered. It is only read. */
  give(lane: number, vector: Float32Array): void {
    this.#vectors[lane] = vector;
  }

  /** The mean of a present task's lanes, complete where all blocks are; a single lane's own vector. */
  mean(task: number): Float32Array {
    const lanes = this.#taskLanes[task] as readonly number[];
    return (lanes.length === 1 ? this.#vectors[lanes[0] as number] : this.#targets[task]) as Float32Array;
  }

  /** Whether every block is reduced. */
  get reduced(): boolean {
    return this.#blocksLeft === 0;
  }

  /** Tells that one chunk of one present lane is in its place. */
  arrived(chunk: number): void {
    const block = Math.floor((chunk * this.#chunkElements) / blockElements);
    const left = (this.#lacking[block] as number) - 1;
    this.#lacking[block] = left;
    if (left === 0) this.#reduce(block);
  }

  #reduce(block: number): void {
    const from = block * blockElements;
    const to = Math.min(from + blockElements, this.#elements);
    const means = this.#tasks.map((task) => {
      const mean = this.mean(task).subarray(from, to);
      const lanes = this.#taskLanes[task] as readonly number[];
      if (lanes.length > 1)
        this.#arithmetic.mean(
          mean,
          lanes.map((lane) => (this.#vectors[lane] as Float32Array).subarray(from, to)),
        );
      return mean;
    });
    this.#arithmetic.innerProducts(means, this.sums, block * this.#pairs);
    this.#blocksLeft -= 1;
  }
}
