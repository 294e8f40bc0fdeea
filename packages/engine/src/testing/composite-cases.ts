import { addBias } from '../operations/add-bias.js';
import { layerNorm } from '../operations/layer-norm.js';
import { linear } from '../operations/linear.js';
import { randomMask, randomUniform } from '../operations/random-mask.js';
import { reluGradient } from '../operations/relu-gradient.js';
import { sparseCrossEntropy } from '../operations/sparse-cross-entropy.js';
import { timesTransposed } from '../operations/transposed-products.js';
import { type Tensor, tf } from '../tensorflow-js.js';
import { float, forward, int, type OperationCase, smooth } from './operation-cases.js';

const logits = float([6, 7], -4, 4);
const labels = int([6], 7);

const crossEntropy = (x: Tensor, ids: Tensor, smoothing: number, scale?: Tensor): Tensor[] => {
  const { loss, gradient } = sparseCrossEntropy(x, ids, smoothing, scale);
  return [loss, gradient];
};

const draw = int([3], 2 ** 31 - 1, 0);

/** The engine's own operations; their backward passes are written by hand, so that they are outputs here. */
export const compositeCases: readonly OperationCase[] = [
  forward('sparseCrossEntropy', [logits, labels], (x, ids) => crossEntropy(x, ids, 0)),
  forward('sparseCrossEntropy, smoothed', [logits, labels], (x, ids) => crossEntropy(x, ids, 0.1)),
  forward('sparseCrossEntropy, scaled', [logits, labels, float([6])], (x, ids, s) => crossEntropy(x, ids, 0, s)),
  forward('sparseCrossEntropy, smoothed and scaled', [logits, labels, float([6])], (x, ids, s) =>
    crossEntropy(x, ids, 0.2, s),
  ),
  forward('sparseCrossEntropy of computed labels', [logits, float([6, 7])], (x, scores) =>
    crossEntropy(x, tf.argMax(scores, 1), 0.1),
  ),
  forward('layerNorm', [float([5, 12], -2, 3), float([12]), float([12]), float([5, 12])], (x, gain, bias, gradient) => {
    const { output, backward } = layerNorm(x, gain, bias, 1e-5);
    const gradients = backward(gradient);
    return [output, gradients.x, gradients.gain, gradients.bias];
  }),
  forward('reluGradient', [float([4, 9]), float([4, 9], -2, 2)], (gradient, x) => [reluGradient(gradient, tf.relu(x))]),
  forward('addBias', [float([2, 3, 4]), float([4])], addBias),
  forward('linear', [float([3, 4]), float([4, 5]), float([5])], (x, w, b) => linear(x, w, b)),
  forward('linear, transposed', [float([3, 4]), float([5, 4]), float([5])], (x, w, b) => linear(x, w, b, true)),
  smooth('times transposed, read in place', [float([3, 4]), float([5, 4])], (a, b) => timesTransposed(a, b)),
  smooth('times transposed, by a copy', [float([3, 5]), float([4, 5])], (a, b) => timesTransposed(a, b)),
  forward('linear and relu', [float([3, 4]), float([4, 5]), float([5])], (x, w, b) => tf.relu(linear(x, w, b))),
  forward('linear and tanh', [float([3, 4]), float([4, 5]), float([5])], (x, w, b) => tf.tanh(linear(x, w, b))),
  forward('randomMask', [draw], (key) => [randomMask(key, 3, [5, 7], 0.3), randomMask(key, 4, [64], 0)]),
  forward('randomUniform', [draw], (key) => [randomUniform(key, 65535, [2, 3, 5]), randomUniform(key, 0, [1])]),
];
