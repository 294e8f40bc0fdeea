import { isDeepStrictEqual } from 'node:util';
import type { DifferenceDocument } from '@tributary/protocol';

/**
 * The innermost fields that two run files have otherwise, in the order of the first file's fields: `optimizer.learningRate`,
 * `tasks.spell.weight`.
 */
export function changedFields(from: unknown, to: unknown, field = ''): DifferenceDocument[] {
  if (isDeepStrictEqual(from, to)) return [];
  const inner = (name: string) => (field === '' ? name : `${field}.${name}`);
  if (isBlock(from) && isBlock(to)) {
    const names = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...names].flatMap((name) => changedFields(from[name], to[name], inner(name)));
  }
  if (Array.isArray(from) && Array.isArray(to) && isDeepStrictEqual(from.map(nameOf), to.map(nameOf)))
    return from.flatMap((each, index) => changedFields(each, to[index], inner(nameOf(each) ?? String(index))));
  return [{ field, from: from ?? null, to: to ?? null }];
}

function isBlock(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string | null {
  return isBlock(value) && typeof value.name === 'string' ? value.name : null;
}
