import type { Optimizer } from '@tributary/engine';
import { decayedRanges, type ElementRange, type FlatLayout } from '@tributary/layout';
import type { BufferIndex } from './buffer-index.js';
import type { StateBuffers } from './compute-messages.js';

/** A parameter vector before the first step. */
export interface InitialVector {
  readonly layout: FlatLayout;
  /** Null: they will be restored. */
  readonly values: Float32Array | null;
}

/** One flat parameter vector with its optimizer moments, twice: state k, and state k+1 while it is built. */
export class VectorState {
  readonly elements: number;
  /** On shared memory, for the compute thread. */
  readonly parameters: readonly [Float32Array, Float32Array];
  readonly slots: readonly [readonly Float32Array[], readonly Float32Array[]];
  /** What weight decay applies to. */
  readonly decayed: readonly ElementRange[];
  #current: BufferIndex = 0;
  #updates = 0;

  /** @param vectors parameters and slots of one state, then of the other */
  constructor({ layout, values }: InitialVector, vectors: readonly Float32Array[]) {
    const half = vectors.length / 2;
    this.elements = layout.elements;
    this.parameters = [vectors[0] as Float32Array, vectors[half] as Float32Array];
    this.slots = [vectors.slice(1, half), vectors.slice(half + 1)];
    this.decayed = decayedRanges(layout);
    if (values) this.parameters[0].set(values);
  }

  /** Which of the two states is the current one. A step without a gradient for this vector leaves it where it is. */
  get current(): BufferIndex {
    return this.#current;
  }

  /** Updates that this vector has had. */
  get updates(): number {
    return this.#updates;
  }

  /** What the current buffers hold comes from a checkpoint, after this many updates. */
  restored(updates: number): void {
    this.#updates = updates;
  }

  /** Builds the next state beside the current one. @param step where the run stands on its schedule */
  build(optimizer: Optimizer, step: number, gradient: Float32Array): void {
    const from = this.#current;
    const to = from === 0 ? 1 : 0;
    optimizer.apply({
      step,
      updates: this.#updates,
      parameters: this.parameters[from],
      gradient,
      state: this.slots[from],
      nextParameters: this.parameters[to],
      nextState: this.slots[to],
      decayed: this.decayed,
    });
  }

  /** Makes the state that was built the current one. */
  swap(): void {
    this.#current = this.#current === 0 ? 1 : 0;
    this.#updates += 1;
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

  constructor(shared: InitialVector, tasks: ReadonlyMap<string, InitialVector>, optimizer: Optimizer) {
    this.#optimizer = optimizer;
    const each = 2 * (1 + optimizer.slots.length);
    const initial = [shared, ...tasks.values()];
    // In one call: vectors of one update shall lie side by side, all of them in as few memories as possible.
    const vectors = optimizer.allocate(initial.flatMap(({ layout }) => new Array<number>(each).fill(layout.elements)));
    const states = initial.map((of, index) => new VectorState(of, vectors.slice(index * each, (index + 1) * each)));
    this.shared = states[0] as VectorState;
    this.tasks = new Map([...tasks.keys()].map((name, index) => [name, states[index + 1] as VectorState]));
  }

  /** Where the current state of each vector lies. */
  get buffers(): StateBuffers {
    const tasks = Object.fromEntries([...this.tasks].map(([name, { current }]) => [name, current]));
    return { shared: this.shared.current, tasks };
  }

  /**
   * Applies one step's gradients, then makes the new states the current ones. A task that is absent from the step stays as it is.
   * @param done steps before it
   * @param present the hosted tasks that take part in the step
   */
  advance(
    done: number,
    shared: Float32Array,
    tasks: ReadonlyMap<string, Float32Array>,
    present: Iterable<string> = this.tasks.keys(),
  ): void {
    const built = [this.shared];
    this.shared.build(this.#optimizer, done, shared);
    for (const name of present) {
      const vector = this.tasks.get(name);
      const gradient = tasks.get(name);
      if (!vector || !gradient) throw new Error(`step ${done + 1} has no gradient for task "${name}"`);
      vector.build(this.#optimizer, done, gradient);
      built.push(vector);
    }
    for (const vector of built) vector.swap();
  }
}
