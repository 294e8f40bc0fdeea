import { type Tensor, tf } from '@tributary/engine';
import type { SequenceInput, StepInput } from './sequence-input.js';
import { tokenMask } from './token-mask.js';
import { projectTokens } from './token-projection.js';

/**
 * Symbols, each a row of a table; the table's gradient goes by the name `embedding`.
 *
 * @param ids i32[B, S]; a padded position changes no state and no gradient
 * @param table f32[V, E]
 */
export function embeddedSymbols(ids: Tensor, table: Tensor): SequenceInput {
  const [batch, length] = ids.shape as [number, number];
  const [vocabulary, width] = table.shape as [number, number];
  const ofTable: Tensor[] = [];
  return {
    batch,
    length,
    width,
    mask: tokenMask(ids),
    project(weights, bias, dropout) {
      // Not a transpose: oneDNN complains about one of integers.
      const timeMajor = tf.concat(tf.unstack(ids, 1), 0);
      const projection = projectTokens(timeMajor, table, weights, bias, dropout);
      return {
        projected: projection.projected,
        backward(gradient) {
          const own = projection.backward(gradient);
          ofTable.push(own.table);
          return own;
        },
      };
    },
    vectors() {
      const segments = tf.reshape(ids, [batch * length]).as1D();
      return {
        values: tf.gather(table, segments),
        backward(gradient) {
          ofTable.push(tf.unsortedSegmentSum(gradient, segments, vocabulary));
        },
      };
    },
    gradients() {
      if (ofTable.length === 0) throw new RangeError('nothing has read the embedded symbols');
      return new Map([['embedding', ofTable.length === 1 ? (ofTable[0] as Tensor) : tf.addN(ofTable)]]);
    },
  };
}

/**
 * One symbol a row and step, for a few steps of generation on the same table. Where the table is smaller than what the
 * steps look up, it is multiplied by each matrix once for all steps.
 *
 * @param table f32[V, E]
 * @param lookups symbols that will be looked up: rows times steps
 */
export function symbolSteps(table: Tensor, lookups: number): (ids: Tensor) => StepInput {
  const vocabulary = table.shape[0] as number;
  const products = new Map<Tensor, Tensor>();
  return (ids) => {
    const rows = ids.as1D();
    const vectors = () => tf.gather(table, rows);
    return {
      vectors,
      project(weights, bias) {
        if (vocabulary > lookups) return tf.add(tf.matMul(vectors(), weights), bias);
        const product = products.get(weights) ?? tf.add(tf.matMul(table, weights), bias);
        products.set(weights, product);
        return tf.gather(product, rows);
      },
    };
  };
}
