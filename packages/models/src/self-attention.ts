import { operations, type Tensor, tf } from '@tributary/engine';
import { attendHeads, type HeadShape, joinHeads, splitHeads } from './attention-heads.js';
import { linearParameters, linearPass } from './linear-layer.js';
import type { ParameterViews } from './parameter-views.js';
import { matrix, type ParameterSpec } from './parameters.js';
import type { PartPass } from './residual-branch.js';

/**
 * Attention of a sequence to itself. Queries, keys and values are one product, `<name>.projections`. They have no biases:
 * the softmax drops one of the keys, and one of the values adds to that of the output.
 */
export const selfAttentionParameters = (name: string, width: number): ParameterSpec[] => [
  matrix(`${name}.projections`, width, [width, width, width]),
  ...linearParameters(`${name}.output`, width, width),
];

/**
 * @param rows f32[B * S, width], batch-major
 * @param bias f32[B, 1, S or 1, S]
 */
export function selfAttention(
  views: ParameterViews,
  name: string,
  shape: HeadShape,
  rows: Tensor,
  bias: Tensor,
): PartPass {
  const weights = views(`${name}.projections`);
  const [queries, keys, values] = splitHeads(tf.matMul(rows, weights), shape, 3) as [Tensor, Tensor, Tensor];
  const heads = attendHeads(queries, keys, values, bias);
  const output = linearPass(views, `${name}.output`, joinHeads([heads.context]));
  return {
    output: output.output,
    backward(gradient) {
      const ofOutput = output.backward(gradient);
      const [ofContext] = splitHeads(ofOutput.input, shape, 1) as [Tensor];
      const own = heads.backward(ofContext);
      const ofProjections = joinHeads([own.queries, own.keys, own.values]);
      return {
        input: operations.timesTransposed(ofProjections, weights),
        parameters: [[`${name}.projections`, tf.matMul(rows, ofProjections, true, false)], ...ofOutput.parameters],
      };
    },
  };
}
