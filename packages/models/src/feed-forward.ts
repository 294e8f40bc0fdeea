import { operations, type Tensor, tf } from '@tributary/engine';
import { linearParameters, linearPass } from './linear-layer.js';
import type { ParameterViews } from './parameter-views.js';
import type { ParameterSpec } from './parameters.js';
import type { PartPass } from './residual-branch.js';

/**
 * Two linear maps with a rectifier between them (Vaswani 2017), for every position alike.
 *
 * Why not GELU: a rectifier runs inside the product's own kernel and its gradient needs the output alone, so it costs one
 * pass over the widest tensor of a layer; GELU's gradient needs what lies before it, and both are chains of passes.
 */
export const feedForwardParameters = (name: string, width: number, inner: number): ParameterSpec[] => [
  ...linearParameters(`${name}.inner`, width, inner),
  ...linearParameters(`${name}.outer`, inner, width),
];

/** @param rows f32[N, width] */
export function feedForward(views: ParameterViews, name: string, rows: Tensor): PartPass {
  const inner = linearPass(views, `${name}.inner`, rows);
  const rectified = tf.relu(inner.output);
  const outer = linearPass(views, `${name}.outer`, rectified);
  return {
    output: outer.output,
    backward(gradient) {
      const ofOuter = outer.backward(gradient);
      const ofInner = inner.backward(operations.reluGradient(ofOuter.input, rectified));
      return { input: ofInner.input, parameters: [...ofInner.parameters, ...ofOuter.parameters] };
    },
  };
}
