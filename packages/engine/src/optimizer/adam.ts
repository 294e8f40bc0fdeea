import type { OptimizerUpdate } from './optimizer.js';

export interface AdamCoefficients {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** `base` to a whole power by multiplications alone; `Math.pow` may differ between JavaScript engines. */
export function wholePower(base: number, exponent: number): number {
  let result = 1;
  for (let factor = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2), factor *= factor) {
    if (rest % 2 === 1) result *= factor;
  }
  return result;
}

/** Adam (Kingma and Ba 2015, algorithm 1). Slots: `m`, `v`. */
export function applyAdam(update: OptimizerUpdate, learningRate: number, coefficients: AdamCoefficients): void {
  const { step, parameters, gradient, nextParameters } = update;
  const { beta1, beta2, epsilon } = coefficients;
  const [m, v] = update.state as readonly [Float32Array, Float32Array];
  const [nextM, nextV] = update.nextState as readonly [Float32Array, Float32Array];
  const rest1 = 1 - beta1;
  const rest2 = 1 - beta2;
  const rate = learningRate / (1 - wholePower(beta1, step + 1));
  const scale = 1 / Math.sqrt(1 - wholePower(beta2, step + 1));
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i] as number;
    const first = beta1 * (m[i] as number) + rest1 * g;
    const second = beta2 * (v[i] as number) + rest2 * (g * g);
    nextM[i] = first;
    nextV[i] = second;
    nextParameters[i] = (parameters[i] as number) - (rate * first) / (Math.sqrt(second) * scale + epsilon);
  }
}
