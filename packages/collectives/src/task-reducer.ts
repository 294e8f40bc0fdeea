import { blockElements } from '@tributary/protocol';
import { clipScale, innerProduct, meanInto, scaleInPlace } from './arithmetic.js';
import type { Codec } from './codec.js';
import { chunkLength, type ExchangePlan } from './exchange-plan.js';
import { headBytes } from './wire.js';

/** A task's own gradient: the mean over its lanes in lane order, clipped by its own norm, on each of its hosts. */
interface HostedTask {
  readonly task: number;
  readonly lanes: readonly number[];
  /** [taskElements] of each lane. */
  readonly vectors: readonly Float32Array[];
  /** Used in turn, so that a result outlives the start of the next step. */
  readonly results: readonly [Float32Array, Float32Array];
  chunksLeft: number;
}

export class TaskReducer {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  readonly #clipNorm: number | null;
  readonly #hosted: readonly HostedTask[];
  readonly #scratch = new Float64Array(blockElements);
  #turn = 0;
  #left = 0;

  constructor(plan: ExchangePlan, codec: Codec, clipNorm: number | null) {
    this.#plan = plan;
    this.#codec = codec;
    this.#clipNorm = clipNorm;
    this.#hosted = plan.hostedTasks.map((task) => {
      const elements = plan.taskElements[task] as number;
      const lanes = plan.taskLanes[task] as readonly number[];
      return {
        task,
        lanes,
        vectors: lanes.map(() => new Float32Array(elements)),
        results: [new Float32Array(elements), new Float32Array(elements)],
        chunksLeft: 0,
      };
    });
    this.reset(0);
  }

  reset(step: number): void {
    this.#turn = step % 2;
    this.#left = this.#hosted.length;
    for (const hosted of this.#hosted) {
      hosted.chunksLeft = hosted.lanes.length * this.#chunksOf(hosted.task);
      // A generator without parameters has nothing to wait for.
      if (hosted.chunksLeft === 0) this.#left -= 1;
    }
  }

  get complete(): boolean {
    return this.#left === 0;
  }

  addLocal(lane: number, gradient: Float32Array): void {
    const hosted = this.#hostedTaskOf(lane);
    const target = hosted.vectors[hosted.lanes.indexOf(lane)] as Float32Array;
    // Gradients of a task with one lane never leave the worker, wherever it is placed: they are not coded.
    if (hosted.lanes.length === 1) target.set(gradient);
    for (let chunk = 0; chunk < this.#chunksOf(hosted.task); chunk++) {
      const at = chunk * this.#plan.chunkElements;
      const length = chunkLength(gradient.length, this.#plan.chunkElements, chunk);
      if (hosted.lanes.length > 1) this.#codec.pass(gradient, at, length, target, at);
      this.#arrived(hosted);
    }
  }

  addChunk(lane: number, chunk: number, message: Uint8Array): void {
    const hosted = this.#hostedTaskOf(lane);
    const target = hosted.vectors[hosted.lanes.indexOf(lane)] as Float32Array;
    const { chunkElements } = this.#plan;
    const length = chunkLength(target.length, chunkElements, chunk);
    this.#codec.decode(message, headBytes, length, target, chunk * chunkElements);
    this.#arrived(hosted);
  }

  /** The gradients of this step by task name; zeros if the step is skipped. */
  results(skipped: boolean): Map<string, Float32Array> {
    const results = new Map<string, Float32Array>();
    for (const { task, results: turns } of this.#hosted) {
      const result = turns[this.#turn] as Float32Array;
      if (skipped) result.fill(0);
      results.set(this.#plan.tasks[task] as string, result);
    }
    return results;
  }

  #chunksOf(task: number): number {
    return Math.ceil((this.#plan.taskElements[task] as number) / this.#plan.chunkElements);
  }

  #hostedTaskOf(lane: number): HostedTask {
    return this.#hosted.find(({ task }) => task === this.#plan.laneTask[lane]) as HostedTask;
  }

  #arrived(hosted: HostedTask): void {
    hosted.chunksLeft -= 1;
    if (hosted.chunksLeft > 0) return;
    const result = hosted.results[this.#turn] as Float32Array;
    let square = 0;
    for (let from = 0; from < result.length; from += blockElements) {
      const to = Math.min(from + blockElements, result.length);
      meanInto(result, hosted.vectors, from, to, this.#scratch);
      square += innerProduct(result, result, from, to);
    }
    const scale = clipScale(Math.sqrt(square), this.#clipNorm);
    if (scale !== 1) scaleInPlace(result, scale);
    this.#left -= 1;
  }
}
