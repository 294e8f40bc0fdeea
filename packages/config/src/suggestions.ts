import { closest, distance } from 'fastest-levenshtein';
import type { JsonSchema } from './json-schema.js';

export type Path = readonly PropertyKey[];

/** A name without the differences of spelling conventions. */
const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');

const letters = (text: string) => [...text].sort().join('');

/** The candidate that a misspelt word most likely means, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0 || word.length > 64) return undefined;
  const same = candidates.find((candidate) => plain(candidate) === plain(word));
  if (same !== undefined) return same;
  const best = closest(word, [...candidates]);
  const edits = distance(word, best);
  if (edits <= Math.max(1, Math.floor(Math.max(word.length, best.length) * 0.4))) return best;
  // Two letters swapped are two edits, which is much for a short word.
  return edits === 2 && letters(word) === letters(best) ? best : undefined;
}

/** What an unknown field was probably meant to be, as a clause that begins with `; `, or ''. */
export function suggestField(root: JsonSchema, path: Path, value: unknown, field: string): string {
  const known = fieldsAt(root, path, value);
  const similar = nearest(field, known);
  if (similar !== undefined) return `; did you mean "${similar}"?`;
  // The field of another kind of this block is no suggestion: `weightDecay` under `kind: adam`.
  const here = [...path.map((step) => (typeof step === 'number' ? '[]' : `.${String(step)}`)), `.${field}`].join('');
  const elsewhere = [...pathsOf(root, field, '')].filter((found) => `.${found}` !== here);
  if (elsewhere.length > 0 && elsewhere.length <= 3) return `; did you mean ${elsewhere.join(' or ')}?`;
  return known.length > 0 && known.length <= 24 ? `; known fields: ${known.join(', ')}` : '';
}

function fieldsAt(root: JsonSchema, path: Path, value: unknown): string[] {
  let schemas: JsonSchema[] = [root];
  for (const step of path) {
    schemas = schemas.flatMap((schema) =>
      variants(schema).flatMap((variant) => {
        const next = typeof step === 'number' ? variant.items : variant.properties?.[String(step)];
        return next === undefined ? [] : [next];
      }),
    );
  }
  const objects = schemas.flatMap(variants).filter((schema) => schema.properties !== undefined);
  const chosen = objects.filter((schema) => matchesConstants(schema, value));
  return [...new Set((chosen.length > 0 ? chosen : objects).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function variants(schema: JsonSchema): JsonSchema[] {
  const choices = schema.oneOf ?? schema.anyOf;
  return choices === undefined ? [schema] : choices.flatMap(variants);
}

/** Whether a value is of this variant of a union, judged by its constant fields. */
function matchesConstants(schema: JsonSchema, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(schema.properties ?? {}).every(
    ([name, property]) => property.const === undefined || (value as Record<string, unknown>)[name] === property.const,
  );
}

function* pathsOf(schema: JsonSchema, field: string, path: string): Generator<string> {
  const seen = new Set<string>();
  for (const variant of variants(schema)) {
    for (const [name, property] of Object.entries(variant.properties ?? {})) {
      const here = path === '' ? name : `${path}.${name}`;
      for (const found of plain(name) === plain(field) ? [here] : pathsOf(property, field, here)) {
        if (!seen.has(found)) yield found;
        seen.add(found);
      }
    }
    if (variant.items !== undefined) yield* pathsOf(variant.items, field, `${path}[]`);
  }
}
