import { blockElements } from '@tributary/protocol';
import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import { pairCount } from './gram.js';
import type { LaneVectors } from './lane-vectors.js';

export interface BlockReducerOptions {
  /** Length of every vector. */
  readonly elements: number;
  readonly chunkElements: number;
  /** Lanes of each task, ascending. */
  readonly taskLanes: readonly (readonly number[])[];
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
  readonly #vectors: LaneVectors;
  /** Chunks of any lane that each block still lacks. */
  readonly #lacking: Uint32Array;
  #tasks: readonly number[] = [];
  #pairs = 0;
  #blocksLeft = 0;
  /** The first `blocks · pairs` numbers: inner products of the present tasks' means, pairs (0,0) (0,1) … (1,1) … of each block. */
  readonly sums: Float64Array;

  constructor(options: BlockReducerOptions, vectors: LaneVectors, arithmetic: VectorArithmetic) {
    this.#arithmetic = arithmetic;
    this.#elements = options.elements;
    this.#chunkElements = options.chunkElements;
    this.#taskLanes = options.taskLanes;
    this.#vectors = vectors;
    const blocks = Math.ceil(options.elements / blockElements);
    this.#lacking = new Uint32Array(blocks);
    this.sums = new Float64Array(blocks * pairCount(options.taskLanes.length));
  }

  /** Begins a step in which these tasks are present. */
  reset(tasks: readonly number[]): void {
    this.#tasks = tasks;
    this.#pairs = pairCount(tasks.length);
    this.#vectors.reset();
    const lanes = tasks.reduce((sum, task) => sum + (this.#taskLanes[task] as readonly number[]).length, 0);
    const chunksPerBlock = blockElements / this.#chunkElements;
    const chunks = Math.ceil(this.#elements / this.#chunkElements);
    for (let block = 0; block < this.#lacking.length; block++)
      this.#lacking[block] = Math.min(chunksPerBlock, chunks - block * chunksPerBlock) * lanes;
    this.#blocksLeft = lanes === 0 ? 0 : this.#lacking.length;
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
      this.#vectors.average(task, from, to);
      return this.#vectors.mean(task, from, to);
    });
    this.#arithmetic.innerProducts(means, this.sums, block * this.#pairs);
    this.#blocksLeft -= 1;
  }
}
