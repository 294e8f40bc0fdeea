import { type Tensor, tf } from '../tensorflow-js.js';
import { operation } from './native-graph.js';

/**
 * x · weights + bias. In a float32 graph TensorFlow makes one operation of product and bias (and of a `relu` after it),
 * which it does for `MatMul` and `BiasAdd` alone, not for what `tf.matMul` and `tf.add` write.
 *
 * @param x f32[N, I]
 * @param weights f32[I, O], or f32[O, I] with `transposed`
 * @param bias f32[O]
 */
export function linear(x: Tensor, weights: Tensor, bias: Tensor, transposed = false): Tensor {
  return operation(
    'linear',
    (graph) => {
      const product = graph.one('MatMul', [graph.of(x), graph.of(weights)], {
        ...graph.type('T', graph.binding.TF_FLOAT),
        ...graph.boolean('transpose_a', false),
        ...graph.boolean('transpose_b', transposed),
      });
      return graph.tensor(graph.plain('BiasAdd', product, graph.of(bias)));
    },
    () => tf.add(tf.matMul(x, weights, false, transposed), bias),
  );
}
