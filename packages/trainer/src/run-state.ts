import type { Optimizer } from '@tributary/engine';
import { decayedRanges, type ElementRange, type FlatLayout } from '@tributary/layout';
import type { BufferIndex } from './compute-messages.js';

/** A parameter vector before the first step. */
export interface InitialVector {
  readonly layout: FlatLayout;
  readonly values: Float32Array;
}

/** One flat parameter vector with its optimizer moments, twice: state k, and state k+1 while it is built. */
export class VectorState {
  readonly elements: number;
  /** On shared memory, for the compute thread. */
  readonly parameters: readonly [Float32Array, Float32Array];
  readonly slots: readonly [readonly Float32Array[], readonly Float32Array[]];
  /** What weight decay applies to. */
  readonly decayed: readonly ElementRange[];

  /** @param vectors parameters and slots of one state, then of the other */
  constructor({ layout, values }: InitialVector, vectors: readonly Float32Array[]) {
    const half = vectors.length / 2;
    this.elements = values.length;
    this.parameters = [vectors[0] as Float32Array, vectors[half] as Float32Array];
    this.slots = [vectors.slice(1, half), vectors.slice(half + 1)];
    this.decayed = decayedRanges(layout);
    this.parameters[0].set(values);
  }
}

/**
 * The state that a member holds: shared, and of each task hosted here. State k+1 is built beside state k and swapped in
 * once for all vectors: there is no half-applied step.
 */
export class RunState {
  readonly shared: VectorState;
  readonly tasks: ReadonlyMap<string, VectorState>;
  readonly #optimizer: Optimizer;
  #current: BufferIndex = 0;

  constructor(shared: InitialVector, tasks: ReadonlyMap<string, InitialVector>, optimizer: Optimizer) {
    this.#optimizer = optimizer;
    const each = 2 * (1 + optimizer.slots.length);
    const initial = [shared, ...tasks.values()];
    // In one call: vectors of one update shall lie side by side, all of them in as few memories as possible.
    const vectors = optimizer.allocate(initial.flatMap(({ values }) => new Array<number>(each).fill(values.length)));
    const states = initial.map((of, index) => new VectorState(of, vectors.slice(index * each, (index + 1) * each)));
    this.shared = states[0] as VectorState;
    this.tasks = new Map([...tasks.keys()].map((name, index) => [name, states[index + 1] as VectorState]));
  }

  get current(): BufferIndex {
    return this.#current;
  }

  /** Applies one step's gradients to every vector, then makes the new state the current one. @param done steps before it */
  advance(done: number, shared: Float32Array, tasks: ReadonlyMap<string, Float32Array>): void {
    this.#build(this.shared, done, shared);
    for (const [name, vector] of this.tasks) {
      const gradient = tasks.get(name);
      if (!gradient) throw new Error(`step ${done + 1} has no gradient for task "${name}"`);
      this.#build(vector, done, gradient);
    }
    this.#current = this.#current === 0 ? 1 : 0;
  }

  #build(vector: VectorState, done: number, gradient: Float32Array): void {
    const from = this.#current;
    const to = from === 0 ? 1 : 0;
    this.#optimizer.apply({
      step: done,
      parameters: vector.parameters[from],
      gradient,
      state: vector.slots[from],
      nextParameters: vector.parameters[to],
      nextState: vector.slots[to],
      decayed: vector.decayed,
    });
  }
}
