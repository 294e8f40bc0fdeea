import { type Tensor, tf } from '../tensorflow-js.js';
import { operation } from './native-graph.js';

/**
 * The gradient through a rectifier: one pass on TensorFlow, where a comparison and a product are three.
 *
 * @param gradient of the rectifier's output
 * @param output what `tf.relu` returned, of the same shape
 */
export const reluGradient = (gradient: Tensor, output: Tensor): Tensor =>
  operation(
    'reluGradient',
    (graph) => graph.tensor(graph.plain('ReluGrad', graph.of(gradient), graph.of(output))),
    () => tf.mul(gradient, tf.step(output)),
  );
