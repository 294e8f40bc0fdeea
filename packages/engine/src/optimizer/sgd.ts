import type { OptimizerUpdate } from './optimizer.js';

/** Gradient descent; with momentum, along the running sum b ← momentum · b + g. Slots: `momentum`, or none without it. */
export function applySgd(update: OptimizerUpdate, learningRate: number, momentum: number): void {
  const { parameters, gradient, nextParameters } = update;
  const [sum] = update.state;
  const [nextSum] = update.nextState;
  if (sum === undefined || nextSum === undefined) {
    for (let i = 0; i < parameters.length; i++) {
      nextParameters[i] = (parameters[i] as number) - learningRate * (gradient[i] as number);
    }
    return;
  }
  for (let i = 0; i < parameters.length; i++) {
    const velocity = momentum * (sum[i] as number) + (gradient[i] as number);
    nextSum[i] = velocity;
    nextParameters[i] = (parameters[i] as number) - learningRate * velocity;
  }
}
