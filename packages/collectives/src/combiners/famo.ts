import type { Combiner } from '../combiner.js';
import { dividedBySum } from './dense.js';
import { LearnedValues } from './learned-values.js';
import { softmax } from './softmax.js';
import { stateVector } from './task-state.js';

/** Added to a loss before its logarithm, as in the paper's code. */
const epsilon = 1e-8;

/**
 * FAMO (Liu et al. 2023): weights zᵢ/Lᵢ divided by their sum, z the softmax of learned values, which are moved so that all
 * losses fall at the same rate: by Adam with weight decay, against the gradient of zᵀδ with δᵢ = log Lᵢ(before) - log Lᵢ(after) the step.
 * The paper computes the losses of the same batch again after the step. Here the loss after a step is that of the task's next
 * step, on its next batch: no second pass, but δ carries the noise of the batches.
 *
 * State: the learned values with their moments; `previous`, each task's last loss, and `seen`. Only tasks with a loss before have a δ.
 * A loss below 0 counts as 0, and 1e-8 is added. Gradients are not looked at. Uses Math.exp and Math.log.
 */
export function famo(learningRate: number, decay: number): Combiner {
  return ({ losses, tasks, taskCount, state }) => {
    const learned = new LearnedValues(state, taskCount);
    const previous = stateVector(state, 'previous', taskCount, 0);
    const seen = stateVector(state, 'seen', taskCount, 0);
    const known = tasks.flatMap((task, i) => (seen[task] === 1 ? [{ task, loss: losses[i] as number }] : []));
    const shares = softmax(known.map(({ task }) => learned.values[task] as number));
    const falls = known.map(({ task, loss }) => logOf(previous[task] as number) - logOf(loss));
    let mean = 0;
    falls.forEach((fall, i) => {
      mean += (shares[i] as number) * fall;
    });
    known.forEach(({ task }, i) => {
      const slope = (shares[i] as number) * ((falls[i] as number) - mean) + decay * (learned.values[task] as number);
      learned.descend(task, slope, learningRate);
    });
    const z = softmax(tasks.map((task) => learned.values[task] as number));
    tasks.forEach((task, i) => {
      previous[task] = losses[i] as number;
      seen[task] = 1;
    });
    return {
      weights: dividedBySum(z.map((share, i) => share / (Math.max(0, losses[i] as number) + epsilon))),
      state: { ...learned.state(), previous, seen },
    };
  };
}

const logOf = (loss: number): number => Math.log(Math.max(0, loss) + epsilon);
