import type { RunDocument } from '@tributary/protocol';

/** One line of a comparison: a field or a metric, and its value in each run; null where a run has none. */
export interface Difference {
  readonly name: string;
  readonly values: readonly (string | null)[];
}

/** Fields of the run files that are not the same in all runs, by name. */
export function differingFields(specs: readonly Readonly<Record<string, unknown>>[]): Difference[] {
  const flat = specs.map((spec) => new Map(leaves(spec, '')));
  const names = [...new Set(flat.flatMap((each) => [...each.keys()]))].sort();
  return names
    .map((name) => ({ name, values: flat.map((each) => each.get(name) ?? null) }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** The last value of every metric of a task or the run. */
export function lastValues(
  runs: readonly Pick<RunDocument, 'series'>[],
): { name: string; values: (number | null)[] }[] {
  const flat = runs.map(
    ({ series }) =>
      new Map(
        series.flatMap(({ subject, series: name, kind, last }): [string, number | null][] => {
          if (kind !== 'point' || subject.startsWith('lane:')) return [];
          return [[subject === 'run' ? name : `${subject.slice('task:'.length)}.${name}`, last]];
        }),
      ),
  );
  const names = [...new Set(flat.flatMap((each) => [...each.keys()]))].sort();
  return names.map((name) => ({ name, values: flat.map((each) => each.get(name) ?? null) }));
}

/** `tasks.spell.weight`: tasks go by their names, so that another order is no difference of theirs. */
function leaves(value: unknown, path: string): [string, string][] {
  if (typeof value !== 'object' || value === null)
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]];
  const entries = Array.isArray(value)
    ? value.map((item: unknown, index): [string, unknown] => [nameOf(item) ?? String(index), item])
    : Object.entries(value);
  if (entries.length === 0) return [[path, JSON.stringify(value)]];
  return entries.flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
}

function nameOf(item: unknown): string | null {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string'
    ? item.name
    : null;
}
