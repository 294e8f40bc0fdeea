import type { WeightTensor } from '@tributary/models';
import type { PreparedRun } from '@tributary/protocol';
import { bySymbol } from './by-symbol.js';
import { modelOf, specOf } from './prepared-model.js';

/**
 * Another run's tensors with what belongs to a symbol where our vocabularies have that symbol: runs with other tasks order the same
 * letters in another way. Symbols that it does not know keep our initial values.
 * @param tensors by part and name, as in its checkpoint
 */
export function inOurVocabulary(
  tensors: ReadonlyMap<string, WeightTensor>,
  ours: PreparedRun,
  theirs: PreparedRun,
): { readonly tensors: ReadonlyMap<string, WeightTensor>; readonly remarks: readonly string[] } {
  const spec = specOf(ours);
  const model = modelOf(ours, spec);
  const vocabularies = [
    {
      part: 'shared',
      what: 'the sources',
      layout: model.sharedLayout,
      initial: () => model.initialShared(spec.seed),
      here: ours.sourceVocabulary,
      there: theirs.sourceVocabulary as readonly string[] | undefined,
    },
    ...Object.entries(ours.tasks).map(([task, { targetVocabulary }]) => ({
      part: `task-${task}`,
      what: `the targets of ${task}`,
      layout: model.task(task).layout,
      initial: () => model.task(task).initial(spec.seed),
      here: targetVocabulary,
      there: theirs.tasks[task]?.targetVocabulary,
    })),
  ];
  const moved = new Map(tensors);
  const remarks: string[] = [];
  for (const { part, what, layout, initial, here, there } of vocabularies) {
    if (there === undefined || (here.length === there.length && here.every((symbol, id) => symbol === there[id])))
      continue;
    const values = initial();
    // A tied output matrix is the embedding itself; its own layer ends in vectors, not in symbols.
    const tied = layout.entries.some(({ name }) => name === 'output.symbolBias');
    let any = false;
    for (const { name, shape, offset, size } of layout.entries) {
      const tensor = tensors.get(`${part}/${name}`);
      const axis = symbolAxis(name, tied);
      if (tensor === undefined || axis === null) continue;
      const own = { shape, data: values.subarray(offset, offset + size), vocabulary: here };
      const found = bySymbol({ ...tensor, vocabulary: there }, own, axis);
      if (found === null) continue;
      moved.set(`${part}/${name}`, found);
      any = true;
    }
    const known = new Set(there);
    const unknown = here.filter((symbol) => !known.has(symbol)).length;
    if (any && unknown > 0)
      remarks.push(
        `${unknown} of ${here.length} symbols of ${what} ${unknown === 1 ? 'has no value there and begins' : 'have no value there and begin'} at random.`,
      );
  }
  return { tensors: moved, remarks };
}

/** Which dimension of a parameter belongs to the symbols; null: none. */
function symbolAxis(name: string, tied: boolean): 'first' | 'last' | null {
  if (name === 'embedding') return 'first';
  if (name === 'output.symbolBias') return 'last';
  return name.startsWith('output.') && !tied ? 'last' : null;
}
