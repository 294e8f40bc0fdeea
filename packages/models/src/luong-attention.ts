import { operations, type Tensor, tf } from '@tributary/engine';
import type { Attention } from './attention.js';
import { matrix } from './parameters.js';

/**
 * Multiplicative attention, "general" (Luong, Pham and Manning 2015): score = sᵀ W m, s the generator's previous output.
 * W m is computed once for all steps.
 */
export function luongAttention(sizes: { readonly memory: number; readonly hidden: number }): Attention {
  const { hidden } = sizes;
  return {
    parameters: [matrix('attention.keys', sizes.memory, [hidden])],
    queryWidth: 0,
    keys(parameters, memory) {
      const [batch, length, width] = memory.shape as [number, number, number];
      const keys = tf.matMul(tf.reshape(memory, [batch * length, width]), parameters('attention.keys'));
      return tf.reshape(keys, [batch, length, hidden]);
    },
    scorer(parameters, keys) {
      const [batch, length] = keys.shape as [number, number, number];
      return {
        score: (query) => ({
          scores: tf.reshape(tf.matMul(keys, tf.reshape(query, [batch, hidden, 1])), [batch, length]),
          kept: query,
          backward(ofScores) {
            const ofQuery = tf.matMul(ofScores, keys, true, false);
            return { query: tf.reshape(ofQuery, [batch, hidden]), ofKept: query };
          },
        }),
        backward(memory, steps) {
          const width = memory.shape[2] as number;
          // Σ over the steps of (gradient of the scores) ⊗ query, as one product over all steps.
          const ofKeys = tf.reshape(
            tf.matMul(
              tf.concat(
                steps.map((step) => step.ofScores),
                2,
              ),
              tf.stack(
                steps.map((step) => step.kept),
                1,
              ),
            ),
            [batch * length, hidden],
          );
          const ofMemory = operations.timesTransposed(ofKeys, parameters('attention.keys'));
          return {
            parameters: new Map<string, Tensor>([
              ['attention.keys', tf.matMul(tf.reshape(memory, [batch * length, width]), ofKeys, true, false)],
            ]),
            memory: tf.reshape(ofMemory, [batch, length, width]),
          };
        },
      };
    },
  };
}
