import { operations, type Tensor, tf } from '@tributary/engine';
import type { OutputPart } from './generator.js';
import type { ParameterViews } from './parameter-views.js';
import { matrix, type ParameterSpec, zeros } from './parameters.js';

/** The linear layer over a generator's outputs: one matrix `output.<part>` for each part, and one bias. */
export interface OutputLayer {
  readonly parameters: readonly ParameterSpec[];
  /** @returns f32[N, width] of parts f32[N, part width] */
  apply(parameters: ParameterViews, outputs: readonly Tensor[]): Tensor;
  /** @param gradient of what `apply` returned */
  backward(
    parameters: ParameterViews,
    outputs: readonly Tensor[],
    gradient: Tensor,
  ): { readonly parameters: Map<string, Tensor>; readonly outputs: readonly Tensor[] };
}

export function outputLayer(parts: readonly OutputPart[], width: number): OutputLayer {
  const fanIn = parts.reduce((sum, part) => sum + part.width, 0);
  const names = parts.map(({ name }) => `output.${name}`);
  return {
    parameters: [
      ...parts.map((part, index) => matrix(names[index] as string, part.width, [width], fanIn)),
      zeros('output.bias', [width]),
    ],
    apply: (parameters, outputs) =>
      tf.add(
        outputs
          .map((output, index) => tf.matMul(output, parameters(names[index] as string)))
          .reduce((sum, product) => tf.add(sum, product)),
        parameters('output.bias'),
      ),
    backward: (parameters, outputs, gradient) => ({
      parameters: new Map<string, Tensor>([
        ...outputs.map((output, index): [string, Tensor] => [
          names[index] as string,
          tf.matMul(output, gradient, true, false),
        ]),
        ['output.bias', tf.sum(gradient, 0)],
      ]),
      outputs: names.map((name) => operations.timesTransposed(gradient, parameters(name))),
    }),
  };
}
