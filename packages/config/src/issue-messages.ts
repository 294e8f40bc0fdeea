import { nearestName } from '@tributary/protocol';
import type { z } from 'zod';
import { type JsonSchema, runFileJsonSchema } from './json-schema.js';
import { type Path, suggestField } from './suggestions.js';

/** A schema issue in our words: where, and what was expected and found. */
export interface IssueMessage {
  /** To the offending value; to the enclosing object for a missing field. */
  readonly path: Path;
  /** The unknown field of the object at `path`, where that is the problem. */
  readonly field: string | null;
  readonly message: string;
}

/** Words an issue of the run file's schema; one with several unknown fields gives several messages. */
export function issueMessages(issue: z.core.$ZodIssue, root: unknown): IssueMessage[] {
  const value = valueAt(root, issue.path);
  const single = (message: string): IssueMessage[] => [{ path: issue.path, field: null, message }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((field) => ({
        path: issue.path,
        field,
        message: `unknown field${suggestField(schema(), issue.path, value, field)}`,
      }));
    case 'invalid_type':
      if (value === undefined) return single(`is missing; it must be ${article(issue.expected)}`);
      return single(`must be ${article(issue.expected)}, got ${show(value)}`);
    case 'invalid_value':
      return single(choice(issue.values.map(String), value));
    case 'invalid_union':
      if ('options' in issue && Array.isArray(issue.options))
        return single(choice(issue.options.filter((option) => option !== undefined).map(String), value));
      return branchMessages(issue, value, root) ?? single(`has a value that is not allowed here, got ${show(value)}`);
    case 'too_small':
      return single(
        `must ${limit(issue.origin, issue.inclusive === false ? 'above' : 'at least', issue.minimum, value)}`,
      );
    case 'too_big':
      return single(
        `must ${limit(issue.origin, issue.inclusive === false ? 'below' : 'at most', issue.maximum, value)}`,
      );
    case 'invalid_format':
      return single(`${issue.message}, got ${show(value)}`);
    default:
      return single(issue.message);
  }
}

/** Where one of several kinds of value may stand (a word or a block), what is wrong with the value as the kind that it is. */
function branchMessages(issue: z.core.$ZodIssueInvalidUnion, value: unknown, root: unknown): IssueMessage[] | null {
  const fitting = issue.errors.filter((errors) => errors.every((error) => !isOfOtherKind(error, value)));
  const [branch] = fitting.length === 1 ? fitting : [];
  return branch?.flatMap((error) => issueMessages({ ...error, path: [...issue.path, ...error.path] }, root)) ?? null;
}

function isOfOtherKind({ code, path, ...error }: z.core.$ZodIssue, value: unknown): boolean {
  if (path.length > 0) return false;
  if (code === 'invalid_type') return true;
  const known = 'values' in error && Array.isArray(error.values) ? error.values : [];
  return code === 'invalid_value' && known.every((each) => typeof each !== typeof value);
}

/** `tasks[0].data.kind` */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function choice(options: readonly string[], value: unknown): string {
  const expected =
    options.length === 1 ? `"${options[0]}"` : `one of ${options.map((option) => `"${option}"`).join(', ')}`;
  if (value === undefined) return `is missing; it must be ${expected}`;
  const similar = typeof value === 'string' ? nearestName(value, options) : undefined;
  return `must be ${expected}, got ${show(value)}${similar === undefined ? '' : `; did you mean "${similar}"?`}`;
}

function limit(origin: string, word: string, bound: number | bigint, value: unknown): string {
  if (origin === 'array') return `have ${word} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string') return `have ${word} ${bound} ${bound === 1 ? 'character' : 'characters'}`;
  return `be ${word} ${bound}, got ${show(value)}`;
}

function article(type: string): string {
  const names: Record<string, string> = {
    int: 'a whole number',
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
    object: 'a block of fields',
    array: 'a list',
  };
  return names[type] ?? type;
}

/** A value as its kind and, where short, itself. */
function show(value: unknown): string {
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a block of fields';
  if (typeof value === 'string')
    return `text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}...` : value)}`;
  return String(value);
}

let cached: JsonSchema | undefined;
function schema(): JsonSchema {
  cached ??= runFileJsonSchema();
  return cached;
}
