import { type Tensor, tf } from '@tributary/engine';
import { specialIds } from '@tributary/protocol';

/** Scores f32[V] that keep `<pad>`, `<s>` and `<unk>` from ever being the largest, inside a traced function. */
export function bannedSymbols(vocabulary: number): Tensor {
  const special = new Float32Array(Math.min(4, vocabulary));
  for (const id of [specialIds.pad, specialIds.start, specialIds.unknown]) special[id] = -1e9;
  // In two parts: a large constant of unequal values may not lie in a graph.
  const first = tf.tensor1d(special);
  return vocabulary > special.length ? tf.concat([first, tf.zeros([vocabulary - special.length])], 0) : first;
}
