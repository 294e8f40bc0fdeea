import { operations, type Tensor, tf } from '@tributary/engine';
import { masked } from './draws.js';
import type { SequenceInput, StepInput } from './sequence-input.js';

/** A linear map of every vector, whose gradients go by the names `features.weights` and `features.bias`. */
export interface FeatureMap {
  /** f32[F, width] */
  readonly weights: Tensor;
  /** f32[width] */
  readonly bias: Tensor;
}

/**
 * Vectors that come as data.
 *
 * @param values f32[B, S, F]
 * @param mask f32[B, S]
 * @param map undefined: the vectors are the input as they are
 */
export function denseFeatures(values: Tensor, mask: Tensor, map?: FeatureMap): SequenceInput {
  const [batch, length, size] = values.shape as [number, number, number];
  const width = map ? (map.weights.shape[1] as number) : size;
  const ofWeights: Tensor[] = [];
  const ofBias: Tensor[] = [];
  const mapped = (rows: Tensor): Tensor => (map ? tf.add(tf.matMul(rows, map.weights), map.bias) : rows);
  const keep = (rows: Tensor, gradient: Tensor): void => {
    ofWeights.push(tf.matMul(rows, gradient, true, false));
    ofBias.push(tf.sum(gradient, 0));
  };
  const sum = (tensors: Tensor[]): Tensor => (tensors.length === 1 ? (tensors[0] as Tensor) : tf.addN(tensors));
  return {
    batch,
    length,
    width,
    mask,
    project(weights, bias, dropout) {
      const rows = tf.reshape(tf.transpose(values, [1, 0, 2]), [length * batch, size]);
      const vectors = masked(mapped(rows), dropout);
      return {
        projected: tf.add(tf.matMul(vectors, weights), bias),
        backward(gradient) {
          if (map) keep(rows, masked(operations.timesTransposed(gradient, weights), dropout));
          return { weights: tf.matMul(vectors, gradient, true, false), bias: tf.sum(gradient, 0) };
        },
      };
    },
    vectors() {
      const rows = tf.reshape(values, [batch * length, size]);
      return {
        values: mapped(rows),
        backward(gradient) {
          if (map) keep(rows, gradient);
        },
      };
    },
    gradients: () =>
      new Map(
        map
          ? [
              ['features.weights', sum(ofWeights)],
              ['features.bias', sum(ofBias)],
            ]
          : [],
      ),
  };
}

/** One vector a row, f32[B, F], at one step of generation. */
export const featureStep = (values: Tensor): StepInput => ({
  vectors: () => values,
  project: (weights, bias) => tf.add(tf.matMul(values, weights), bias),
});
