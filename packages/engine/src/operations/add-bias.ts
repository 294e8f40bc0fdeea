import { type Tensor, tf } from '../tensorflow-js.js';
import { operation } from './native-graph.js';

/**
 * Adds a vector to every row. On a processor TensorFlow's `BiasAdd` takes about half the time of a broadcast `add`.
 *
 * @param x f32[..., D]
 * @param bias f32[D]
 */
export function addBias(x: Tensor, bias: Tensor): Tensor {
  return operation(
    'addBias',
    (graph) => graph.tensor(graph.plain('BiasAdd', graph.of(x), graph.of(bias))),
    () => tf.add(x, bias),
  );
}
