import { tf } from '../tensorflow-js.js';
import { float, forward, int, type OperationCase, smooth } from './operation-cases.js';

const cube = float([2, 3, 4]);
const table = float([5, 3]);

export const arrayCases: readonly OperationCase[] = [
  smooth('reshape', [cube], (x) => tf.reshape(x, [6, 4])),
  smooth('expandDims', [cube], (x) => tf.expandDims(x, 1)),
  smooth('expandDims last', [cube], (x) => tf.expandDims(x, -1)),
  smooth('squeeze', [float([2, 1, 3])], (x) => tf.squeeze(x, [1])),
  smooth('transpose', [cube], (x) => tf.transpose(x, [1, 0, 2])),
  smooth('slice', [cube], (x) => tf.slice(x, [0, 1, 1], [2, 2, 3])),
  smooth('slice of a flat vector', [float([24])], (x) => tf.reshape(tf.slice(x, [6], [12]), [3, 4])),
  forward('stridedSlice', [cube], (x) => tf.stridedSlice(x, [0, 2, 0], [2, 0, 4], [1, -1, 2])),
  smooth('split', [float([4, 6])], (x) => tf.split(x, 3, 1)),
  smooth('split by sizes', [float([4, 6])], (x) => tf.split(x, [1, 2, 3], 1)),
  smooth('split, one part used', [float([4, 6])], (x) => tf.split(x, 3, 1)[1] as typeof x),
  smooth('concat', [float([2, 3]), float([2, 4])], (a, b) => tf.concat([a, b], 1)),
  smooth('stack', [float([2, 3]), float([2, 3])], (a, b) => tf.stack([a, b], 1)),
  smooth('unstack', [cube], (x) => tf.unstack(x, 1)),
  smooth('pad', [float([2, 3])], (x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      0.5,
    ),
  ),
  smooth('tile', [float([2, 3])], (x) => tf.tile(x, [2, 3])),
  smooth('broadcastTo', [float([1, 3])], (x) => tf.broadcastTo(x, [4, 3])),
  smooth('reverse', [cube], (x) => tf.reverse(x, [1])),
  smooth('gather', [table, int([7], 5)], (x, i) => tf.gather(x, i)),
  smooth('gather by a matrix', [table, int([2, 4], 5)], (x, i) => tf.gather(x, i)),
  smooth('gather along axis 1', [table, int([4], 3)], (x, i) => tf.gather(x, i, 1)),
  smooth('gather by rows', [float([3, 4]), int([3, 1], 4)], (x, i) => tf.gather(x, i, 1, 1)),
  forward('gather by computed indices', [table, float([4, 5])], (x, scores) => tf.gather(x, tf.argMax(scores, 1))),
  forward('gatherND', [cube, int([4, 2], 2)], (x, i) => tf.gatherND(x, i)),
  forward('scatterND', [int([3, 1], 4), float([3, 2])], (i, x) => tf.scatterND(i, x, [4, 2])),
  smooth('unsortedSegmentSum', [float([6, 3]), int([6], 4)], (x, i) => tf.unsortedSegmentSum(x, i as never, 4)),
  forward('oneHot', [int([2, 3], 5)], (i) => tf.oneHot(i, 5)),
  forward('oneHot with smoothing', [int([6], 5)], (i) => tf.oneHot(i, 5, 0.9, 0.02)),
  forward('oneHot as int32', [int([6], 5)], (i) => tf.oneHot(i, 5, 1, 0, 'int32')),
  forward('constants', [float([1])], (x) => [
    tf.add(x, tf.range(0, 5)),
    tf.add(x, tf.fill([2, 3], 1.5)),
    tf.add(x, tf.zeros([100, 100])),
    tf.add(x, tf.ones([3])),
    tf.add(x, tf.linspace(0, 1, 5)),
    tf.add(x, tf.eye(3)),
    tf.add(x, tf.tensor([1, 2, 3])),
    tf.range(3, 9, 2, 'int32'),
  ]),
  smooth('zerosLike and onesLike', [cube], (x) => tf.add(tf.mul(x, tf.onesLike(x)), tf.zerosLike(x))),
  forward('bandPart', [float([4, 4])], (x) => tf.linalg.bandPart(x, -1, 0)),
  forward('topk', [float([3, 6])], (x) => {
    const { values, indices } = tf.topk(x, 2);
    return [values, indices];
  }),
  forward('an input returned', [cube], (x) => [x, x]),
  forward('an input unused', [cube, float([3])], (x) => tf.neg(x)),
];
