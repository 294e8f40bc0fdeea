import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type JsonSchema, runFileJsonSchema } from './json-schema.js';

it('is the committed run-file.schema.json; regenerate it with: node packages/config/write-schema.mjs', () => {
  const committed = readFileSync(new URL('../run-file.schema.json', import.meta.url), 'utf8');
  expect(committed).toBe(`${JSON.stringify(runFileJsonSchema(), null, 2)}\n`);
});

it('documents every field', () => {
  const undocumented: string[] = [];
  const visit = (schema: JsonSchema, path: string): void => {
    for (const variant of schema.oneOf ?? schema.anyOf ?? []) visit(variant, path);
    if (schema.items !== undefined) visit(schema.items, `${path}[]`);
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (property.description === undefined) undocumented.push(`${path}.${name}`);
      visit(property, `${path}.${name}`);
    }
  };
  visit(runFileJsonSchema(), '');
  expect(undocumented).toEqual([]);
});
