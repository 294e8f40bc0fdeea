import { operations, type Tensor, tf } from '@tributary/engine';
import { masked } from './draws.js';
import type { ParameterViews } from './parameter-views.js';
import { type ParameterSpec, zeros } from './parameters.js';

/** What a part of a layer computes of the rows that it is given. */
export interface PartPass {
  /** f32[N, width] */
  readonly output: Tensor;
  /** @param gradient of the output */
  backward(gradient: Tensor): {
    readonly input: Tensor;
    readonly parameters: Iterable<readonly [string, Tensor]>;
  };
}

const epsilon = 1e-5;

/** Gain and bias of a normalisation, `<name>.gain` and `<name>.bias`. */
export const normParameters = (name: string, width: number): ParameterSpec[] => [
  { name: `${name}.gain`, shape: [width], initial: { kind: 'blocks', values: [1], width } },
  zeros(`${name}.bias`, [width]),
];

/** @param input f32[N, width] */
export function normPass(views: ParameterViews, name: string, input: Tensor): PartPass {
  const norm = operations.layerNorm(input, views(`${name}.gain`), views(`${name}.bias`), epsilon);
  return {
    output: norm.output,
    backward(gradient) {
      const { x, gain, bias } = norm.backward(gradient);
      return {
        input: x,
        parameters: [
          [`${name}.gain`, gain],
          [`${name}.bias`, bias],
        ],
      };
    },
  };
}

/**
 * One part of a pre-norm layer (Xiong 2020): x + dropout(part(norm(x))). The normalisation is `<name>.norm`.
 *
 * @param x f32[N, width]
 * @param dropout mask of the part's output
 */
export function residualBranch(
  views: ParameterViews,
  name: string,
  x: Tensor,
  part: (normal: Tensor) => PartPass,
  dropout: Tensor | undefined,
): PartPass {
  const norm = normPass(views, `${name}.norm`, x);
  const inner = part(norm.output);
  return {
    output: tf.add(masked(inner.output, dropout), x),
    backward(gradient) {
      const ofInner = inner.backward(masked(gradient, dropout));
      const ofNorm = norm.backward(ofInner.input);
      return {
        input: tf.add(gradient, ofNorm.input),
        parameters: [...ofInner.parameters, ...ofNorm.parameters],
      };
    },
  };
}
