import { operations, type Tensor, tf } from '@tributary/engine';
import { attendHeads, type HeadShape, joinHeads, paddingBias, splitHeads } from './attention-heads.js';
import type { Encoded } from './encoder.js';
import { linearParameters, linearPass } from './linear-layer.js';
import type { ParameterViews } from './parameter-views.js';
import { matrix, type ParameterSpec } from './parameters.js';
import type { PartPass } from './residual-branch.js';

/** The encoder's states as all layers of a generator read them. */
export interface SourceMemory {
  readonly batch: number;
  readonly length: number;
  /** f32[B * S, C] */
  readonly rows: Tensor;
  /** f32[B, 1, 1, S] */
  readonly bias: Tensor;
  /** Adds a layer's share of the gradient of `rows`. */
  add(gradient: Tensor): void;
  /** The sum of all shares, f32[B, S, C]. */
  gradient(): Tensor;
}

export function sourceMemory({ memory, mask }: Encoded): SourceMemory {
  const [batch, length, width] = memory.shape as [number, number, number];
  const shares: Tensor[] = [];
  return {
    batch,
    length,
    rows: tf.reshape(memory, [batch * length, width]),
    bias: paddingBias(mask),
    add: (gradient) => shares.push(gradient),
    gradient: () => tf.reshape(shares.length === 1 ? (shares[0] as Tensor) : tf.addN(shares), [batch, length, width]),
  };
}

/**
 * Attention of a generator's layer to the source. Keys and values of all positions are one product, `<name>.memory`. Without
 * biases, a source of nothing but padding, whose states are zero, is read as zero.
 */
export const sourceAttentionParameters = (name: string, width: number, memoryWidth: number): ParameterSpec[] => [
  matrix(`${name}.queries`, width, [width]),
  matrix(`${name}.memory`, memoryWidth, [width, width]),
  ...linearParameters(`${name}.output`, width, width),
];

/** Keys and values of the source, f32[B, H, S, D] each. */
export const sourceHeads = (
  views: ParameterViews,
  name: string,
  memory: Pick<SourceMemory, 'batch' | 'length' | 'rows'>,
  { heads, width }: Pick<HeadShape, 'heads' | 'width'>,
): [Tensor, Tensor] => {
  const shape = { batch: memory.batch, length: memory.length, heads, width };
  return splitHeads(tf.matMul(memory.rows, views(`${name}.memory`)), shape, 2) as [Tensor, Tensor];
};

/** @param rows f32[B * T, width], batch-major */
export function sourceAttention(
  views: ParameterViews,
  name: string,
  shape: HeadShape,
  rows: Tensor,
  memory: SourceMemory,
): PartPass {
  const queryWeights = views(`${name}.queries`);
  const memoryWeights = views(`${name}.memory`);
  const [queries] = splitHeads(tf.matMul(rows, queryWeights), shape, 1) as [Tensor];
  const [keys, values] = sourceHeads(views, name, memory, shape);
  const heads = attendHeads(queries, keys, values, memory.bias);
  const output = linearPass(views, `${name}.output`, joinHeads([heads.context]));
  return {
    output: output.output,
    backward(gradient) {
      const ofOutput = output.backward(gradient);
      const [ofContext] = splitHeads(ofOutput.input, shape, 1) as [Tensor];
      const own = heads.backward(ofContext);
      const ofQueries = joinHeads([own.queries]);
      const ofMemory = joinHeads([own.keys, own.values]);
      memory.add(operations.timesTransposed(ofMemory, memoryWeights));
      return {
        input: operations.timesTransposed(ofQueries, queryWeights),
        parameters: [
          [`${name}.queries`, tf.matMul(rows, ofQueries, true, false)],
          [`${name}.memory`, tf.matMul(memory.rows, ofMemory, true, false)],
          ...ofOutput.parameters,
        ],
      };
    },
  };
}
