import type { Combiner } from '../combiner.js';
import { softmax } from './softmax.js';

/**
 * Smooth Tchebycheff scalarisation (Lin et al. 2024): the gradient of mu·log Σ exp(Lᵢ/(P·mu)), a smooth maximum of the losses:
 * softmax(Lᵢ/(P·mu)), P the present tasks, equal preferences 1/P and the ideal point 0. Sum 1 (the paper's sum is 1/P).
 *
 * Without state; gradients are not looked at, and losses of 0 or less are like any others. Losses on unlike scales are not
 * brought together: the largest decides. Uses Math.exp.
 */
export function stch(mu: number): Combiner {
  return ({ losses, state }) => {
    const scale = losses.length * mu;
    return { weights: softmax(Array.from(losses, (loss) => loss / scale)), state };
  };
}
