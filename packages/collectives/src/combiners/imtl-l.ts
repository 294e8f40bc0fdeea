import type { Combiner } from '../combiner.js';
import { LearnedValues } from './learned-values.js';
import { softmax } from './softmax.js';

/**
 * IMTL-L (Liu et al. 2021): Σ e^(sᵢ) Lᵢ - sᵢ with a learned scale sᵢ for each task, from 0, so that the scaled losses come to be
 * equal. The paper learns s with the model's optimizer; here with Adam at a rate of its own, one step after each use. The
 * weights are e^(sᵢ) divided by their sum, a weighted mean of the gradients (the paper: e^(sᵢ)).
 *
 * State: the learned values with their moments. Gradients are not looked at. A loss of 0 or less asks for an endless scale: its s
 * grows by about a learning rate a step. Uses Math.exp.
 */
export function imtlL(learningRate: number): Combiner {
  return ({ losses, tasks, taskCount, state }) => {
    const learned = new LearnedValues(state, taskCount);
    const weights = softmax(tasks.map((task) => learned.values[task] as number));
    tasks.forEach((task, i) => {
      const slope = Math.exp(learned.values[task] as number) * (losses[i] as number) - 1;
      learned.descend(task, slope, learningRate);
    });
    return { weights, state: learned.state() };
  };
}
