import { operations, type Tensor, tf } from '@tributary/engine';
import type { ParameterViews } from './parameter-views.js';
import { matrix, type ParameterSpec, zeros } from './parameters.js';

/** A linear map with a bias: parameters `<name>` and `<name>Bias`. */
export interface LinearPass {
  /** f32[N, columns] */
  readonly output: Tensor;
  /** @param gradient of the output */
  backward(gradient: Tensor): { readonly input: Tensor; readonly parameters: readonly (readonly [string, Tensor])[] };
}

export const linearParameters = (name: string, rows: number, columns: number): ParameterSpec[] => [
  matrix(name, rows, [columns]),
  zeros(`${name}Bias`, [columns]),
];

/** @param input f32[N, rows] */
export function linearPass(views: ParameterViews, name: string, input: Tensor): LinearPass {
  const weights = views(name);
  return {
    output: operations.linear(input, weights, views(`${name}Bias`)),
    backward: (gradient) => ({
      input: operations.timesTransposed(gradient, weights),
      parameters: [
        [name, tf.matMul(input, gradient, true, false)],
        [`${name}Bias`, tf.sum(gradient, 0)],
      ],
    }),
  };
}
