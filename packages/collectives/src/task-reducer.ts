import type { VectorArithmetic } from './arithmetic/vector-arithmetic.js';
import { BlockReducer } from './block-reducer.js';
import { chunkOf } from './chunk-length.js';
import type { Codec } from './codecs/codec.js';
import type { ExchangePlan } from './exchange-plan.js';
import { clipScale } from './gram.js';
import { LaneVectors } from './lane-vectors.js';
import type { StepLanes } from './step-lanes.js';
import type { VectorAllocator } from './vector-allocator.js';

interface HostedTask {
  readonly task: number;
  readonly elements: number;
  readonly vectors: LaneVectors;
  readonly blocks: BlockReducer;
  /** Used in turn, so that a result outlives the start of the next step. */
  readonly results: readonly [Float32Array, Float32Array];
  readonly single: boolean;
  present: boolean;
}

const onlyTask = [0];

/** Tasks' own gradients on their hosts: the mean over the lanes in lane order, clipped by its own norm. */
export class TaskReducer {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  readonly #arithmetic: VectorArithmetic;
  readonly #clipNorm: number | null;
  readonly #hosted: readonly HostedTask[];
  #turn = 0;

  constructor(
    plan: ExchangePlan,
    deps: {
      readonly codec: Codec;
      readonly arithmetic: VectorArithmetic;
      readonly memory: VectorAllocator;
      readonly clipNorm: number | null;
    },
  ) {
    this.#plan = plan;
    this.#codec = deps.codec;
    this.#arithmetic = deps.arithmetic;
    this.#clipNorm = deps.clipNorm;
    this.#hosted = plan.hostedTasks.map((task) => {
      const elements = plan.taskElements[task] as number;
      const lanes = plan.taskLanes[task] as readonly number[];
      const single = lanes.length === 1;
      const buffered = lanes.filter((lane) => !single && (plan.laneHost[lane] !== plan.self || !deps.codec.identity));
      const vectors = new LaneVectors({ elements, taskLanes: [lanes], buffered }, deps.arithmetic, deps.memory);
      const shape = { elements, chunkElements: plan.chunkElements, taskLanes: [lanes] };
      return {
        task,
        elements,
        vectors,
        blocks: new BlockReducer(shape, vectors, deps.arithmetic),
        results: [deps.memory.float32(elements), deps.memory.float32(elements)],
        single,
        present: false,
      };
    });
  }

  reset(step: number, lanes: StepLanes): void {
    this.#turn = step % 2;
    for (const hosted of this.#hosted) {
      hosted.present = lanes.tasks.includes(hosted.task);
      hosted.vectors.writeMean(0, hosted.results[this.#turn] as Float32Array);
      hosted.blocks.reset(hosted.present ? onlyTask : []);
    }
  }

  get complete(): boolean {
    return this.#hosted.every(({ blocks }) => blocks.reduced);
  }

  /** Gives the gradient of a lane that is computed here and not coded, before its chunks arrive. */
  give(lane: number, gradient: Float32Array): void {
    this.#hostedOf(lane).vectors.give(lane, gradient);
  }

  /** Where one chunk of a received or coded lane is written. */
  place(lane: number, chunk: number): Float32Array {
    return chunkOf(this.#hostedOf(lane).vectors.buffer(lane), this.#plan.chunkElements, chunk);
  }

  arrived(lane: number, chunk: number): void {
    this.#hostedOf(lane).blocks.arrived(chunk);
  }

  /** Takes one chunk of another host's lane, not seen before. */
  receive(lane: number, chunk: number, code: Uint8Array): void {
    this.#codec.decode(code, this.place(lane, chunk));
    this.arrived(lane, chunk);
  }

  /**
   * The gradients of the present tasks by name; zeros if the step is skipped. That of a single lane that is not clipped is the
   * lane's own vector.
   */
  results(skipped: boolean): Map<string, Float32Array> {
    const results = new Map<string, Float32Array>();
    for (const hosted of this.#hosted)
      if (hosted.present) results.set(this.#plan.tasks[hosted.task] as string, this.#resultOf(hosted, skipped));
    return results;
  }

  #resultOf({ elements, vectors, blocks, results, single }: HostedTask, skipped: boolean): Float32Array {
    const result = results[this.#turn] as Float32Array;
    if (skipped) return result.fill(0);
    let square = 0;
    for (const sum of blocks.sums) square += sum;
    const scale = clipScale(Math.sqrt(square), this.#clipNorm);
    if (single && scale === 1) return vectors.mean(0, 0, elements);
    if (single) this.#arithmetic.combine(result, [vectors.mean(0, 0, elements)], Float64Array.of(scale));
    else if (scale !== 1) this.#arithmetic.scale(result, scale);
    return result;
  }

  #hostedOf(lane: number): HostedTask {
    return this.#hosted.find(({ task }) => task === this.#plan.laneTask[lane]) as HostedTask;
  }
}
