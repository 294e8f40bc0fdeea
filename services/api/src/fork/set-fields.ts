import { runFileSchema } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';

type Block = Record<string, unknown>;

/**
 * A run file with some fields changed, not yet checked. A path names fields by dots, elements of a list by number or, where they
 * have one, by name: `optimizer.learningRate`, `tasks.spell.weight`, `tasks[0].weight`. A null takes the field away where it
 * cannot be null.
 * @throws TributaryError `SPEC_INVALID` where a path leads nowhere
 */
export function setFields(spec: unknown, changes: Readonly<Record<string, unknown>>): unknown {
  const changed: unknown = structuredClone(spec);
  for (const [path, value] of Object.entries(changes)) {
    const { block, field } = placeOf(changed, path);
    (block as Block)[field] = structuredClone(value);
  }
  if (!Object.values(changes).includes(null)) return changed;
  const refused = new Set(runFileSchema.safeParse(changed).error?.issues.map(({ path }) => path.join('.')) ?? []);
  for (const [path, value] of Object.entries(changes)) {
    if (value !== null) continue;
    const { block, field, full } = placeOf(changed, path);
    if (refused.has(full) && !Array.isArray(block)) delete (block as Block)[field];
  }
  return changed;
}

function placeOf(
  root: unknown,
  path: string,
): { readonly block: object; readonly field: string; readonly full: string } {
  const refuse = (what: string) =>
    new TributaryError(
      'SPEC_INVALID',
      `${path === '' ? 'A field with no name' : path} cannot be set: ${what}; name a field of the run file, e.g. optimizer.learningRate.`,
    );
  const steps = path.replace(/\[(\d+)\]/g, '.$1').split('.');
  if (steps.some((step) => step === '' || step === '__proto__')) throw refuse('that is no path of fields');
  const taken: string[] = [];
  let block = root;
  for (const step of steps.slice(0, -1)) {
    const key = keyIn(block, step);
    if (key === null) throw refuse(`${taken.join('.')} has no element "${step}"`);
    taken.push(step);
    const inside = block as Block;
    if (!Object.hasOwn(inside, key)) inside[key] = {};
    block = inside[key];
    if (typeof block !== 'object' || block === null) throw refuse(`${taken.join('.')} has no fields`);
  }
  const field = keyIn(block, steps.at(-1) as string);
  if (field === null) throw refuse(`${taken.join('.')} has no element "${steps.at(-1)}"`);
  return { block: block as object, field, full: [...taken, field].join('.') };
}

/** The key of a field, or of a list's element by number or name; null: there is no such element. */
function keyIn(block: unknown, step: string): string | null {
  if (!Array.isArray(block)) return step;
  const named = block.findIndex((each: unknown) => (each as { name?: unknown } | null)?.name === step);
  if (named >= 0) return String(named);
  return /^\d+$/.test(step) && Number(step) < block.length ? step : null;
}
