/** One leaf of a run file. */
export interface RunParam {
  /** Its path, joined by dots: `optimizer.learningRate`, `tasks.spell.weight`. */
  readonly key: string;
  /** As the run file writes it: a string bare, everything else as JSON; at most {@link longestParam} characters. */
  readonly value: string;
  /** The value, where it is a number. */
  readonly number: number | null;
}

/** Characters of a value that are kept: an index entry has room for no more. The run file itself keeps everything. */
export const longestParam = 500;

/**
 * The leaves of a run file, in its order. Entries of a list that have a name go by it, as tasks do, others by their place; a
 * list of plain values is one leaf. What is null or empty is left out, and so are tags and note, which have places of their own.
 */
export function runParams(spec: object): RunParam[] {
  const { tags: _, note: __, ...params } = spec as Readonly<Record<string, unknown>>;
  return leavesOf(params, '').map(({ key, value }) => ({
    key: cut(key, 250),
    value: cut(typeof value === 'string' ? value : JSON.stringify(value), longestParam),
    number: typeof value === 'number' ? value : null,
  }));
}

interface Leaf {
  readonly key: string;
  readonly value: unknown;
}

function leavesOf(value: unknown, path: string): Leaf[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [{ key: path, value }];
  const entries: (readonly [string, unknown])[] = Array.isArray(value) ? entriesOfList(value) : Object.entries(value);
  if (entries.length === 0) return [];
  if (Array.isArray(value) && entries.every(([, entry]) => typeof entry !== 'object' || entry === null))
    return [{ key: path, value }];
  return entries.flatMap(([name, entry]) => leavesOf(entry, path === '' ? name : `${path}.${name}`));
}

function entriesOfList(list: readonly unknown[]): (readonly [string, unknown])[] {
  const names = list.map((entry) => nameOf(entry));
  // Two of one name would be one key.
  const named = names.every((name) => name !== undefined) && new Set(names).size === names.length;
  return list.map((entry, place) => [named ? (names[place] ?? '') : String(place), entry]);
}

function nameOf(entry: unknown): string | undefined {
  const name = (entry as { readonly name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : undefined;
}

/** Leaves no half of a surrogate pair behind, which Postgres would refuse. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/u, '');
}
