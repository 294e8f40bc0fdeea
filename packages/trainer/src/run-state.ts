import type { Optimizer } from '@tributary/engine';
import type { BufferIndex } from './compute-messages.js';

function sharedVector(elements: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(Math.max(1, elements) * 4), 0, elements);
}

/** One flat parameter vector with its optimizer moments, twice: state k, and state k+1 while it is built. */
export class VectorState {
  readonly elements: number;
  readonly parameters: readonly [Float32Array, Float32Array];
  readonly slots: readonly [readonly Float32Array[], readonly Float32Array[]];

  constructor(initial: Float32Array, slotNames: readonly string[]) {
    this.elements = initial.length;
    this.parameters = [sharedVector(initial.length), sharedVector(initial.length)];
    this.parameters[0].set(initial);
    const zeros = () => slotNames.map(() => new Float32Array(initial.length));
    this.slots = [zeros(), zeros()];
  }

  /** The two buffers, for the compute thread. */
  get buffers(): readonly [SharedArrayBuffer, SharedArrayBuffer] {
    return [this.parameters[0].buffer as SharedArrayBuffer, this.parameters[1].buffer as SharedArrayBuffer];
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

  constructor(shared: Float32Array, tasks: ReadonlyMap<string, Float32Array>, optimizer: Optimizer) {
    this.#optimizer = optimizer;
    this.shared = new VectorState(shared, optimizer.slots);
    this.tasks = new Map([...tasks].map(([name, initial]) => [name, new VectorState(initial, optimizer.slots)]));
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
    });
  }
}
