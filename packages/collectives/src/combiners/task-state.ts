import type { CombinerState } from '../combiner.js';

/** A copy of a state's vector over all tasks (or `width` values for each), or `initial` everywhere where there is none yet. */
export function stateVector(state: CombinerState, name: string, length: number, initial: number): number[] {
  const kept = state[name];
  if (kept === undefined) return new Array<number>(length).fill(initial);
  if (kept.length !== length)
    throw new RangeError(
      `the combiner's state "${name}" has ${kept.length} values, but this run's tasks need ${length}; it belongs to another run`,
    );
  return [...kept];
}
