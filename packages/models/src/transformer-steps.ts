import { type Tensor, tf } from '@tributary/engine';
import { attendHeads, joinHeads, paddingBias, splitHeads } from './attention-heads.js';
import type { Encoded } from './encoder.js';
import { feedForward } from './feed-forward.js';
import type { GeneratorStart, GeneratorStepper } from './generator.js';
import { linearPass } from './linear-layer.js';
import type { ParameterViews } from './parameter-views.js';
import { sinusoidalPositions } from './positions.js';
import { normPass } from './residual-branch.js';
import { sourceHeads, sourceMemory } from './source-attention.js';
import type { TransformerInput } from './transformer-input.js';

/** What generation knows of a generator. */
export interface GenerationShape {
  readonly names: readonly string[];
  readonly heads: number;
  readonly width: number;
  readonly input: TransformerInput;
}

/**
 * Fixed: keys and values of the source for each layer. Carried: keys and values of each layer at the positions generated so
 * far, f32[B, H, room, D], zero at those to come.
 */
export function beginGeneration(
  shape: GenerationShape,
  views: ParameterViews,
  encoded: Encoded,
  room: number,
): GeneratorStart {
  const { names, heads, width } = shape;
  const memory = sourceMemory(encoded);
  return {
    fixed: names.flatMap((name) => sourceHeads(views, `${name}.source`, memory, shape)),
    carried: names.flatMap(() => [0, 1].map(() => tf.zeros([memory.batch, heads, room, width / heads]))),
  };
}

export function resumeGeneration(
  shape: GenerationShape,
  views: ParameterViews,
  sourceMask: Tensor,
  fixed: readonly Tensor[],
): GeneratorStepper {
  const { names, heads, width, input } = shape;
  const sourceBias = paddingBias(sourceMask);
  const batch = sourceMask.shape[0] as number;
  const one = { batch, length: 1, heads, width };
  return (stepInput, carried, position) => {
    const room = (carried[0] as Tensor).shape[2] as number;
    const places = tf.range(0, room, 1, 'int32');
    // 1 at the place of this step: what is written there was zero.
    const here = tf.reshape(tf.cast(tf.equal(places, position), 'float32'), [1, 1, room, 1]);
    const later = tf.reshape(tf.cast(tf.greater(places, position), 'float32'), [1, 1, 1, room]);
    const bias = tf.tile(tf.mul(later, -1e9), [batch, 1, 1, 1]);
    const next: Tensor[] = [];
    const place = tf.gather(sinusoidalPositions(room, width), tf.reshape(position, [1]).as1D());
    let rows = input.step(views, stepInput, place);
    const read: Tensor[] = [];
    const attend = (name: string, queries: Tensor, keys: Tensor, values: Tensor, scores: Tensor): Tensor => {
      const { context, weights } = attendHeads(queries, keys, values, scores);
      rows = tf.add(linearPass(views, `${name}.output`, joinHeads([context])).output, rows);
      return weights;
    };
    names.forEach((layer, index) => {
      const self = `${layer}.self`;
      const normal = normPass(views, `${self}.norm`, rows).output;
      const products = splitHeads(tf.matMul(normal, views(`${self}.projections`)), one, 3);
      const [queries, key, value] = products as [Tensor, Tensor, Tensor];
      const keys = tf.add(carried[2 * index] as Tensor, tf.mul(key, here));
      const values = tf.add(carried[2 * index + 1] as Tensor, tf.mul(value, here));
      next.push(keys, values);
      attend(self, queries, keys, values, bias);

      const source = `${layer}.source`;
      const sourceNormal = normPass(views, `${source}.norm`, rows).output;
      const [sourceQueries] = splitHeads(tf.matMul(sourceNormal, views(`${source}.queries`)), one, 1) as [Tensor];
      const [sourceKeys, sourceValues] = fixed.slice(2 * index) as [Tensor, Tensor];
      read.push(attend(source, sourceQueries, sourceKeys, sourceValues, sourceBias));

      const feedNormal = normPass(views, `${layer}.feed.norm`, rows).output;
      rows = tf.add(feedForward(views, `${layer}.feed`, feedNormal).output, rows);
    });
    const outputs = [normPass(views, 'generator.norm', rows).output];
    return { outputs, carried: next, attention: tf.mean(tf.concat(read, 1), [1, 2]) };
  };
}
