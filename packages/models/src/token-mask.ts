import { type Tensor, tf } from '@tributary/engine';
import { specialIds } from '@tributary/protocol';

/** f32 of the ids' shape: 1 at a symbol, 0 at padding. */
export const tokenMask = (ids: Tensor): Tensor =>
  tf.cast(tf.notEqual(ids, tf.scalar(specialIds.pad, 'int32')), 'float32');
