import { blockElements } from '@tributary/protocol';
import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import type { Codec } from './codecs/codec.js';
import type { VectorAllocator } from './vector-allocator.js';

/** Elements that are decoded at a time where several lanes are added: those of a few lanes fit the nearest caches. */
const partElements = 8_192;

export interface LaneVectorsOptions {
  /** Length of every vector. */
  readonly elements: number;
  /** Lanes of each task, ascending. */
  readonly taskLanes: readonly (readonly number[])[];
  /** Lanes whose vectors are received or decoded here. Those of the others are given at each step. */
  readonly buffered: readonly number[];
  /** Lanes that are held as their code, where that is shorter; read by `codec`. */
  readonly coded?: { readonly lanes: readonly number[]; readonly codec: Codec };
}

/**
 * The lanes' vectors of a reducer, and what becomes of them by task. Coded ones stay coded until they are read, block by block into
 * room that stays in the processor's cache: what is decoded never travels to the main memory and back.
 */
export class LaneVectors {
  readonly #arithmetic: VectorArithmetic;
  readonly #taskLanes: readonly (readonly number[])[];
  readonly #codec: Codec | null;
  /** By lane: its place, where it is buffered. */
  readonly #buffers: (Float32Array | undefined)[] = [];
  /** By lane: its code, where it is coded. */
  readonly #codes: (Uint8Array | undefined)[] = [];
  /** By lane: its vector in this step. */
  readonly #vectors: (Float32Array | undefined)[] = [];
  /** By task: where the mean of several lanes is written. */
  readonly #targets: (Float32Array | undefined)[] = [];
  /** By task of a single coded lane: room for one block. */
  readonly #blocks: (Float32Array | undefined)[] = [];
  /** By place of a lane in its task: room for one part. */
  readonly #parts: Float32Array[] = [];

  constructor(options: LaneVectorsOptions, arithmetic: VectorArithmetic, memory: VectorAllocator) {
    const { elements, taskLanes, buffered, coded } = options;
    this.#arithmetic = arithmetic;
    this.#taskLanes = taskLanes;
    this.#codec = coded?.codec ?? null;
    for (const lane of buffered) this.#buffers[lane] = memory.float32(elements);
    if (coded === undefined) return;
    for (const lane of coded.lanes) this.#codes[lane] = memory.bytes(coded.codec.encodedBytes(elements));
    for (const [task, lanes] of taskLanes.entries()) {
      if (this.#codes[lanes[0] as number] === undefined) continue;
      if (lanes.length === 1) this.#blocks[task] = memory.float32(Math.min(blockElements, elements));
      else while (this.#parts.length < lanes.length) this.#parts.push(memory.float32(partElements));
    }
  }

  /** Forgets the vectors that were given. */
  reset(): void {
    for (const lanes of this.#taskLanes) for (const lane of lanes) this.#vectors[lane] = this.#buffers[lane];
  }

  /** Sets where the mean of a task's lanes is written: one of its buffered lanes' places, or elsewhere. */
  writeMean(task: number, target: Float32Array): void {
    this.#targets[task] = target;
  }

  /** Where a buffered lane's vector is written. */
  buffer(lane: number): Float32Array {
    return this.#buffers[lane] as Float32Array;
  }

  /** Where the code of some elements of a coded lane is written; they begin at a multiple of 1,024. */
  code(lane: number, from: number, elements: number): Uint8Array {
    const { encodedBytes } = this.#codec as Codec;
    const start = encodedBytes(from);
    return (this.#codes[lane] as Uint8Array).subarray(start, start + encodedBytes(elements));
  }

  /** Gives the vector of a lane that is neither buffered nor coded. It is only read. */
  give(lane: number, vector: Float32Array): void {
    this.#vectors[lane] = vector;
  }

  /** Writes the mean of a task's lanes, where it has several, for at most one block. */
  average(task: number, from: number, to: number): void {
    const lanes = this.#taskLanes[task] as readonly number[];
    if (lanes.length === 1) return;
    const target = this.#targets[task] as Float32Array;
    if (this.#codes[lanes[0] as number] === undefined) {
      this.#arithmetic.mean(
        target.subarray(from, to),
        lanes.map((lane) => (this.#vectors[lane] as Float32Array).subarray(from, to)),
      );
      return;
    }
    for (let start = from; start < to; start += partElements) {
      const length = Math.min(partElements, to - start);
      const parts = lanes.map((lane, place) =>
        this.#decoded(lane, start, (this.#parts[place] as Float32Array).subarray(0, length)),
      );
      this.#arithmetic.mean(target.subarray(start, start + length), parts);
    }
  }

  /**
   * Elements of a task's mean, once it is written; of a single lane's own vector. At most one block where the lane is coded, and
   * valid until the next call for that task.
   */
  mean(task: number, from: number, to: number): Float32Array {
    const lanes = this.#taskLanes[task] as readonly number[];
    const only = lanes[0] as number;
    if (lanes.length > 1) return (this.#targets[task] as Float32Array).subarray(from, to);
    const block = this.#blocks[task];
    return block === undefined
      ? (this.#vectors[only] as Float32Array).subarray(from, to)
      : this.#decoded(only, from, block.subarray(0, to - from));
  }

  #decoded(lane: number, from: number, target: Float32Array): Float32Array {
    (this.#codec as Codec).decode(this.code(lane, from, target.length), target);
    return target;
  }
}
