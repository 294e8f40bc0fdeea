import { type Tensor, tf } from '@tributary/engine';
import type { OutputPart } from './generator.js';
import type { HeadGradients, HeadViews } from './head.js';
import { outputLayer } from './output-layer.js';
import { type ParameterSpec, zeros } from './parameters.js';

/** Logits over a vocabulary. */
export interface LogitLayer {
  readonly parameters: readonly ParameterSpec[];
  apply(
    views: HeadViews,
    outputs: readonly Tensor[],
  ): { readonly logits: Tensor; backward(gradient: Tensor): HeadGradients };
}

/** Logits by matrices of the head's own. */
export function ownOutput(parts: readonly OutputPart[], vocabulary: number): LogitLayer {
  const layer = outputLayer(parts, vocabulary);
  return {
    parameters: layer.parameters,
    apply: ({ own }, outputs) => ({
      logits: layer.apply(own, outputs),
      backward: (gradient) => ({ ...layer.backward(own, outputs, gradient), table: undefined }),
    }),
  };
}

/**
 * Logits by the table of the target symbols, transposed (Press and Wolf 2017), scaled by the root of its width so that a
 * normalised output gives logits of about the table's deviation (as T5 does, Raffel et al. 2020). A generator whose output
 * is not one vector of that width is first mapped to it.
 */
export function tiedOutput(parts: readonly OutputPart[], vocabulary: number, embeddingSize: number): LogitLayer {
  const direct = parts.length === 1 && parts[0]?.width === embeddingSize;
  const mapping = direct ? undefined : outputLayer(parts, embeddingSize);
  const scale = 1 / Math.sqrt(embeddingSize);
  return {
    parameters: [...(mapping?.parameters ?? []), zeros('output.symbolBias', [vocabulary])],
    apply({ own, table }, outputs) {
      if (table === undefined) throw new RangeError('a tied output needs a table of symbols');
      const mapped = mapping ? mapping.apply(own, outputs) : (outputs[0] as Tensor);
      const scaled = tf.mul(mapped, scale);
      return {
        logits: tf.add(tf.matMul(scaled, table, false, true), own('output.symbolBias')),
        backward(gradient) {
          const ofMapped = tf.mul(tf.matMul(gradient, table), scale);
          const inner = mapping?.backward(own, outputs, ofMapped);
          return {
            parameters: new Map([...(inner?.parameters ?? []), ['output.symbolBias', tf.sum(gradient, 0)]]),
            outputs: inner?.outputs ?? [ofMapped],
            table: tf.matMul(gradient, scaled, true, false),
          };
        },
      };
    },
  };
}
