/** One lane's gradients. */
interface Gradients {
  readonly shared: Float32Array;
  readonly task: Float32Array;
}

/** Adds the gradients of microbatches up, in their order, in float32: the same bits on every host. */
export class GradientAccumulator {
  /** Receives the gradient of one microbatch. */
  readonly scratch: Gradients;

  constructor(sharedElements: number, taskElements: number) {
    this.scratch = { shared: new Float32Array(sharedElements), task: new Float32Array(taskElements) };
  }

  /** Adds `share` times the scratch gradient to `into`; the first replaces what stands there. */
  add(into: Gradients, share: number, first: boolean): void {
    addScaled(into.shared, this.scratch.shared, share, first);
    addScaled(into.task, this.scratch.task, share, first);
  }
}

function addScaled(sum: Float32Array, gradient: Float32Array, share: number, first: boolean): void {
  const scale = Math.fround(share);
  for (let i = 0; i < sum.length; i++) {
    const scaled = Math.fround(scale * (gradient[i] as number));
    sum[i] = first ? scaled : (sum[i] as number) + scaled;
  }
}
