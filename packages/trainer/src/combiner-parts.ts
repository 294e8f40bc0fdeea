import type { Tensor, Tensors } from '@tributary/checkpoints';
import type { CombinerStates } from '@tributary/collectives';

const prefix = 'combiner/';

/** The combiner's state as tensors, `combiner/<group>/<name>`, in the shared part. */
export function combinerPart(states: CombinerStates): Tensors {
  const tensors: Record<string, Tensor> = {};
  for (const [group, state] of Object.entries(states))
    for (const [name, values] of Object.entries(state))
      tensors[`${prefix}${group}/${name}`] = { shape: [values.length], data: Float64Array.from(values) };
  return tensors;
}

/** What {@link combinerPart} made of a state; nothing where a checkpoint is older than the state. */
export function restoreCombiner(tensors: Tensors): CombinerStates {
  const states: Record<string, Record<string, readonly number[]>> = {};
  for (const [path, { data }] of Object.entries(tensors)) {
    if (!path.startsWith(prefix) || !(data instanceof Float64Array)) continue;
    const at = path.lastIndexOf('/');
    const group = path.slice(prefix.length, at);
    states[group] = { ...states[group], [path.slice(at + 1)]: [...data] };
  }
  return states;
}
