import { createGradientSum } from '@tributary/engine';

/** One lane's gradients. */
interface Gradients {
  readonly shared: Float32Array;
  readonly task: Float32Array;
}

/** Adds the gradients of microbatches up, in their order: the same bits on every host. */
export class GradientAccumulator {
  /** Receives the gradient of one microbatch. */
  readonly scratch: Gradients;
  readonly #sum = createGradientSum();

  constructor(sharedElements: number, taskElements: number) {
    const [shared, task] = this.#sum.allocate([sharedElements, taskElements]) as [Float32Array, Float32Array];
    this.scratch = { shared, task };
  }

  /** Adds `share` times the scratch gradient to `into`; the first replaces what stands there. */
  add(into: Gradients, share: number, first: boolean): void {
    this.#sum.accumulate(into.shared, this.scratch.shared, share, first);
    this.#sum.accumulate(into.task, this.scratch.task, share, first);
  }
}
