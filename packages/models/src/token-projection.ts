import { operations, type Tensor, tf } from '@tributary/engine';
import { masked } from './draws.js';

/**
 * Embeds tokens and multiplies them by the input weights of all gates, for a whole sequence at once.
 *
 * Where the vocabulary is smaller than the number of tokens in the batch, the table is multiplied once and its products are
 * looked up: the same numbers for a fraction of the work.
 */
export interface TokenProjection {
  /** f32[N, G]: embedding of each token times the weights, plus the bias. */
  readonly projected: Tensor;
  /** @param gradient of `projected`, f32[N, G] */
  backward(gradient: Tensor): {
    readonly table: Tensor;
    readonly weights: Tensor;
    readonly bias: Tensor;
  };
}

/**
 * @param ids i32[N]
 * @param table f32[V, E]
 * @param weights f32[E, G]
 * @param bias f32[G]
 * @param dropout mask of the embedded tokens, f32[N, E]
 */
export function projectTokens(
  ids: Tensor,
  table: Tensor,
  weights: Tensor,
  bias: Tensor,
  dropout?: Tensor,
): TokenProjection {
  const vocabulary = table.shape[0] as number;
  const tokens = ids.shape[0] as number;
  const segments = ids.as1D();
  if (vocabulary <= tokens && dropout === undefined) {
    const products = tf.add(tf.matMul(table, weights), bias);
    return {
      projected: tf.gather(products, segments),
      backward(gradient) {
        const ofProducts = tf.unsortedSegmentSum(gradient, segments, vocabulary);
        return {
          table: operations.timesTransposed(ofProducts, weights),
          weights: tf.matMul(table, ofProducts, true, false),
          bias: tf.sum(ofProducts, 0),
        };
      },
    };
  }
  const embedded = masked(tf.gather(table, segments), dropout);
  return {
    projected: tf.add(tf.matMul(embedded, weights), bias),
    backward(gradient) {
      return {
        table: tf.unsortedSegmentSum(
          masked(operations.timesTransposed(gradient, weights), dropout),
          segments,
          vocabulary,
        ),
        weights: tf.matMul(embedded, gradient, true, false),
        bias: tf.sum(gradient, 0),
      };
    },
  };
}
