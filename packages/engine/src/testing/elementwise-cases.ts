import { tf } from '../tensorflow-js.js';
import { float, forward, int, type OperationCase, smooth } from './operation-cases.js';

const matrix = float([3, 4]);
const positive = float([3, 4], 0.1, 2);
const pair = [matrix, float([4])];
// TensorFlow.js has no broadcasting in the gradients of these.
const equals = [matrix, float([3, 4])];
const asFloat = (x: Parameters<typeof tf.cast>[0]) => tf.cast(x, 'float32');

export const elementwiseCases: readonly OperationCase[] = [
  smooth('add', pair, (a, b) => tf.add(a, b)),
  smooth('sub', pair, (a, b) => tf.sub(a, b)),
  smooth('mul', pair, (a, b) => tf.mul(a, b)),
  smooth('mul by a number', [matrix], (a) => tf.mul(0.5, a)),
  smooth('div', [matrix, float([4], 0.5, 2)], (a, b) => tf.div(a, b)),
  forward('divNoNan', [matrix, float([4], 0.5, 2)], (a, b) => tf.divNoNan(a, b)),
  smooth('pow', [positive, float([3, 4], 1, 3)], (a, b) => tf.pow(a, b)),
  smooth('maximum', equals, (a, b) => tf.maximum(a, b)),
  smooth('minimum', equals, (a, b) => tf.minimum(a, b)),
  smooth('squaredDifference', equals, (a, b) => tf.squaredDifference(a, b)),
  smooth('addN', [matrix, float([3, 4])], (a, b) => tf.addN([a, b])),
  smooth(
    'addN of many',
    Array.from({ length: 20 }, () => float([3, 4])),
    (...all) => tf.addN(all),
  ),
  smooth('mod', [matrix, float([3, 4], 0.5, 2)], (a, b) => tf.mod(a, b)),
  forward('floorDiv', [int([6], 20), int([6], 5, 1)], (a, b) => tf.floorDiv(a, tf.maximum(b, tf.scalar(1, 'int32')))),
  smooth('neg', [matrix], (x) => tf.neg(x)),
  smooth('exp', [matrix], (x) => tf.exp(x)),
  smooth('expm1', [matrix], (x) => tf.expm1(x)),
  smooth('log', [positive], (x) => tf.log(x)),
  smooth('log1p', [positive], (x) => tf.log1p(x)),
  smooth('sqrt', [positive], (x) => tf.sqrt(x)),
  smooth('rsqrt', [positive], (x) => tf.rsqrt(x)),
  smooth('square', [matrix], (x) => tf.square(x)),
  smooth('reciprocal', [positive], (x) => tf.reciprocal(x)),
  smooth('sigmoid', [matrix], (x) => tf.sigmoid(x)),
  smooth('logSigmoid', [matrix], (x) => tf.logSigmoid(x)),
  smooth('softplus', [matrix], (x) => tf.softplus(x)),
  smooth('tanh', [matrix], (x) => tf.tanh(x)),
  smooth('relu', [matrix], (x) => tf.relu(x)),
  smooth('relu6', [float([3, 4], -2, 8)], (x) => tf.relu6(x)),
  smooth('elu', [matrix], (x) => tf.elu(x)),
  smooth('selu', [matrix], (x) => tf.selu(x)),
  smooth('leakyRelu', [matrix], (x) => tf.leakyRelu(x, 0.1)),
  smooth('prelu', [matrix, float([4], 0.1, 0.5)], (x, alpha) => tf.prelu(x, alpha)),
  smooth('abs', [matrix], (x) => tf.abs(x)),
  smooth('sin', [matrix], (x) => tf.sin(x)),
  smooth('cos', [matrix], (x) => tf.cos(x)),
  smooth('erf', [matrix], (x) => tf.erf(x)),
  smooth('clipByValue', [matrix], (x) => tf.clipByValue(x, -0.5, 0.25)),
  smooth('clone', [matrix], (x) => tf.clone(x)),
  smooth('floor', [matrix], (x) => tf.floor(x)),
  smooth('ceil', [matrix], (x) => tf.ceil(x)),
  smooth('round', [matrix], (x) => tf.round(x)),
  smooth('sign', [matrix], (x) => tf.sign(x)),
  smooth('step', [matrix], (x) => tf.step(x, 0.3)),
  smooth('where', [matrix, float([3, 4]), int([3, 4], 2)], (a, b, mask) => tf.where(tf.cast(mask, 'bool'), a, b)),
  forward('where on a comparison', [matrix, float([3, 4])], (a, b) => tf.where(tf.greater(a, b), a, b)),
  smooth('mask by cast', [matrix, int([3, 4], 3)], (x, ids) =>
    tf.mul(x, asFloat(tf.notEqual(ids, tf.scalar(0, 'int32')))),
  ),
  forward('cast to int32', [float([3, 4], -5, 5)], (x) => tf.cast(x, 'int32')),
  forward('cast int32 to float32', [int([3, 4], 50)], (x) => asFloat(x)),
  forward('cast bool to int32', [matrix], (x) => tf.cast(tf.greater(x, 0), 'int32')),
  forward('comparisons', [int([20], 3), int([20], 3)], (a, b) =>
    [tf.equal, tf.notEqual, tf.greater, tf.greaterEqual, tf.less, tf.lessEqual].map((compare) =>
      asFloat(compare(a, b)),
    ),
  ),
  forward('logical operations', [int([20], 2), int([20], 2)], (a, b) => {
    const [p, q] = [tf.cast(a, 'bool'), tf.cast(b, 'bool')];
    return [tf.logicalAnd(p, q), tf.logicalOr(p, q), tf.logicalXor(p, q), tf.logicalNot(p)].map(asFloat);
  }),
  forward('isNaN, isInf, isFinite', [matrix], (x) =>
    [tf.isNaN, tf.isInf, tf.isFinite].map((test) => asFloat(test(tf.log(x)))),
  ),
  forward('int32 arithmetic', [int([6], 50), int([6], 50)], (a, b) => [
    tf.add(a, b),
    tf.sub(a, b),
    tf.mul(a, b),
    tf.maximum(a, b),
  ]),
];
