import type { Combiner } from '../combiner.js';
import { LearnedValues } from './learned-values.js';
import { softmax } from './softmax.js';

/**
 * Uncertainty weighting (Kendall et al. 2018): Σ ½ e^(-sᵢ) Lᵢ + ½ sᵢ with a learned log-variance sᵢ for each task, from 0.
 * The paper learns s with the model's optimizer; here with Adam at a rate of its own, one step after each use. The weights
 * are e^(-sᵢ) divided by their sum (the paper: ½ e^(-sᵢ)), a weighted mean of the gradients.
 *
 * State: the learned values with their moments. Gradients are not looked at. A loss of 0 or less has no
 * likelihood: its s falls by about a learning rate a step. Uses Math.exp.
 */
export function uncertainty(learningRate: number): Combiner {
  return ({ losses, tasks, taskCount, state }) => {
    const learned = new LearnedValues(state, taskCount);
    const weights = softmax(tasks.map((task) => -(learned.values[task] as number)));
    tasks.forEach((task, i) => {
      const slope = 0.5 - 0.5 * Math.exp(-(learned.values[task] as number)) * (losses[i] as number);
      learned.descend(task, slope, learningRate);
    });
    return { weights, state: learned.state() };
  };
}
