import { z } from 'zod';
import { runFileSchema } from './run-file.js';

/** The part of JSON Schema (draft 2020-12) that a run file's schema uses. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** The run file's JSON Schema, for editors: fields, defaults, limits and the doc of each. */
export function runFileJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(runFileSchema, { io: 'input', target: 'draft-2020-12' }) as JsonSchema;
  return { ...schema, title: 'Tributary run file' };
}
