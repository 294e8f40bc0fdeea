import type { CombinerState } from '../combiner.js';
import { stateVector } from './task-state.js';

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/**
 * One number for each of all tasks, learned with Adam (Kingma and Ba 2015; betas 0.9 and 0.999, epsilon 1e-8), whose
 * steps are about a learning rate long whatever the scale of the losses. Each task has its own moments and count of
 * steps: an absent task's do not move.
 */
export class LearnedValues {
  readonly values: number[];
  readonly #m: number[];
  readonly #v: number[];
  readonly #steps: number[];
  /** beta^steps of each task, kept as products so that no power function is needed. */
  readonly #decay1: number[];
  readonly #decay2: number[];

  constructor(state: CombinerState, taskCount: number) {
    const vector = (name: string, initial: number) => stateVector(state, name, taskCount, initial);
    this.values = vector('values', 0);
    this.#m = vector('m', 0);
    this.#v = vector('v', 0);
    this.#steps = vector('steps', 0);
    this.#decay1 = vector('decay1', 1);
    this.#decay2 = vector('decay2', 1);
  }

  /** Steps against the gradient of one task's value. */
  descend(task: number, gradient: number, learningRate: number): void {
    const m = beta1 * (this.#m[task] as number) + (1 - beta1) * gradient;
    const v = beta2 * (this.#v[task] as number) + (1 - beta2) * gradient * gradient;
    const decay1 = (this.#decay1[task] as number) * beta1;
    const decay2 = (this.#decay2[task] as number) * beta2;
    this.#m[task] = m;
    this.#v[task] = v;
    this.#steps[task] = (this.#steps[task] as number) + 1;
    this.#decay1[task] = decay1;
    this.#decay2[task] = decay2;
    const size = Math.sqrt(v / (1 - decay2)) + epsilon;
    this.values[task] = (this.values[task] as number) - (learningRate * (m / (1 - decay1))) / size;
  }

  state(): CombinerState {
    return {
      values: this.values,
      m: this.#m,
      v: this.#v,
      steps: this.#steps,
      decay1: this.#decay1,
      decay2: this.#decay2,
    };
  }
}
