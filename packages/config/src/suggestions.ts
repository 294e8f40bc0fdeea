import { nearestName, plainName } from '@tributary/protocol';
import type { JsonSchema } from './json-schema.js';

export type Path = readonly PropertyKey[];

/** What an unknown field was probably meant to be, as a clause that begins with `; `, or ''. */
export function suggestField(root: JsonSchema, path: Path, value: unknown, field: string): string {
  const objects = objectsAt(root, path);
  const chosen = objects.filter((schema) => matchesConstants(schema, value));
  const known = namesOf(chosen.length > 0 ? chosen : objects);
  const kinds = objects.filter((schema) => schema.properties?.[field] !== undefined).flatMap(kindOf);
  if (kinds.length > 0) return `; it belongs to kind ${kinds.map((kind) => `"${kind}"`).join(' or ')}${only(chosen)}`;
  const similar = nearestName(field, known);
  if (similar !== undefined) return `; did you mean "${similar}"?`;
  const elsewhere = [...pathsOf(root, field, '')];
  if (elsewhere.length > 0 && elsewhere.length <= 3) return `; did you mean ${elsewhere.join(' or ')}?`;
  return known.length > 0 && known.length <= 24 ? `; known fields: ${known.join(', ')}` : '';
}

/** What the kind that stands there takes instead, as a clause. */
function only(chosen: readonly JsonSchema[]): string {
  const [schema, ...more] = chosen;
  const [kind] = schema === undefined ? [] : kindOf(schema);
  if (schema === undefined || kind === undefined || more.length > 0) return '';
  return `; kind "${kind}" takes ${namesOf([schema])
    .filter((name) => name !== 'kind')
    .join(', ')}`;
}

const kindOf = ({ properties }: JsonSchema): string[] =>
  properties?.kind?.const === undefined ? [] : [String(properties.kind.const)];

const namesOf = (schemas: readonly JsonSchema[]): string[] => [
  ...new Set(schemas.flatMap((schema) => Object.keys(schema.properties ?? {}))),
];

/** The blocks of fields that may stand at a path: several where a union allows several kinds. */
function objectsAt(root: JsonSchema, path: Path): JsonSchema[] {
  let schemas: JsonSchema[] = [root];
  for (const step of path) {
    schemas = schemas.flatMap((schema) =>
      variants(schema).flatMap((variant) => {
        const next = typeof step === 'number' ? variant.items : variant.properties?.[String(step)];
        return next === undefined ? [] : [next];
      }),
    );
  }
  return schemas.flatMap(variants).filter((schema) => schema.properties !== undefined);
}

function variants(schema: JsonSchema): JsonSchema[] {
  const choices = schema.oneOf ?? schema.anyOf;
  return choices === undefined ? [schema] : choices.flatMap(variants);
}

/** Whether a value is of this variant of a union, judged by its constant fields. */
function matchesConstants(schema: JsonSchema, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(schema.properties ?? {}).every(
    ([name, property]) =>
      property.const === undefined || ((value as Record<string, unknown>)[name] ?? property.default) === property.const,
  );
}

function* pathsOf(schema: JsonSchema, field: string, path: string): Generator<string> {
  const seen = new Set<string>();
  for (const variant of variants(schema)) {
    for (const [name, property] of Object.entries(variant.properties ?? {})) {
      const here = path === '' ? name : `${path}.${name}`;
      for (const found of plainName(name) === plainName(field) ? [here] : pathsOf(property, field, here)) {
        if (!seen.has(found)) yield found;
        seen.add(found);
      }
    }
    if (variant.items !== undefined) yield* pathsOf(variant.items, field, `${path}[]`);
  }
}
