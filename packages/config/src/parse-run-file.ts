import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { formatPath, issueMessages } from './issue-messages.js';
import { type RunFile, runFileSchema } from './run-file.js';
import { RunFileError, type RunFileProblem } from './run-file-error.js';
import type { Path } from './suggestions.js';

/** Largest run file in bytes. */
export const maxRunFileBytes = 1024 * 1024;

/** Deepest nesting of a run file; the schema itself needs 6. */
const maxDepth = 32;
/** Most nodes once every alias is followed: far above any honest run file, far below a bomb. */
const maxNodes = 100_000;
/** Most problems that one error lists. */
const maxProblems = 50;

export interface ParseOptions {
  /** How the file is called in messages, e.g. `examples/words.yaml`. */
  readonly name: string;
}

/**
 * Reads a run file: YAML 1.2 or JSON, plain JSON types only, every default filled in.
 *
 * @throws RunFileError (`SPEC_INVALID`) naming each problem with its line and field.
 */
export function parseRunFile(text: string, options: ParseOptions): RunFile {
  const refuse = (message: string, line: number | null = null, cause?: unknown) =>
    new RunFileError(options.name, [{ line, path: '', message }], { cause });
  if (text.length > maxRunFileBytes) throw refuse(tooLargeMessage(text.length));
  const deepAt = lineOfDepth(text, maxDepth * 2);
  if (deepAt !== null) throw refuse(`is nested more than ${maxDepth} levels deep`, deepAt);

  const lines = new LineCounter();
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false, stringKeys: true });
  } catch (error) {
    throw refuse('cannot be read as YAML or JSON', null, error);
  }
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    throw new RunFileError(
      options.name,
      faults.slice(0, maxProblems).map((fault) => syntaxProblem(fault, lineAt)),
    );
  if (document.contents === null) throw refuse('is empty; it must at least name experiment, tasks and budget');
  const fault = unreasonable(document);
  if (fault !== null) throw refuse(fault.message, lineAt(fault.offset));
  return checkRunFile(document.toJS({ maxAliasCount: -1 }), options.name, (path, field) => {
    const offset = offsetOf(document, path, field);
    return offset === null ? 1 : lineAt(offset);
  });
}

/**
 * Checks a run file that came as data (an API body), every default filled in.
 *
 * @throws RunFileError (`SPEC_INVALID`) naming each problem with its field.
 */
export function validateRunFile(value: unknown, options: ParseOptions): RunFile {
  return checkRunFile(value, options.name, () => null);
}

/** Why a file of this size is refused unread. */
export function tooLargeMessage(bytes: number): string {
  const shown =
    bytes < 10 * 1024 * 1024 ? `${(bytes / 1024 / 1024).toFixed(1)} MiB` : `${Math.round(bytes / 1024 / 1024)} MiB`;
  return `is ${shown}, but a run file is at most 1 MiB; put data into a file of its own and name it as data.path`;
}

function checkRunFile(
  value: unknown,
  name: string,
  lineOf: (path: Path, field: string | null) => number | null,
): RunFile {
  const result = runFileSchema.safeParse(value);
  if (result.success) return result.data;
  const problems: RunFileProblem[] = result.error.issues
    .flatMap((issue) => issueMessages(issue, value))
    .map(({ path, field, message }) => ({
      line: lineOf(path, field),
      path: formatPath(field === null ? path : [...path, field]),
      message,
    }));
  // By line, so that the list reads like the file.
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const shown = problems.slice(0, maxProblems);
  if (problems.length > maxProblems)
    shown.push({ line: null, path: '', message: `and ${problems.length - maxProblems} more problems` });
  throw new RunFileError(name, shown);
}

function syntaxProblem(fault: YAMLError, lineAt: (offset: number) => number): RunFileProblem {
  const messages: Partial<Record<string, string>> = {
    MULTIPLE_DOCS: 'holds several YAML documents; a run file is one',
    TAB_AS_INDENT: 'a tab indents this line; YAML wants spaces',
    TAG_RESOLVE_FAILED: 'has a YAML tag (`!…`); a run file holds plain values only',
    RESOURCE_EXHAUSTION: 'uses aliases beyond reason',
  };
  return { line: lineAt(fault.pos[0]), path: '', message: messages[fault.code] ?? fault.message.slice(0, 200) };
}

/** Where flow brackets nest deeper than a recursive parser should follow: the line, or null. */
function lineOfDepth(text: string, limit: number): number | null {
  let depth = 0;
  let line = 1;
  let indicators = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '\n') {
      line++;
      indicators = 0;
    } else if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth = Math.max(0, depth - 1);
    // `- - - -` nests as well, all on one line.
    else if ((char === '-' || char === '?' || char === ':') && /\s/.test(text[i + 1] ?? '\n')) indicators++;
    if (depth > limit || indicators > limit * 4) return line;
  }
  return null;
}

/** What makes a document unreasonable once its aliases are followed, without following them twice; null if nothing. */
function unreasonable(document: Document.Parsed): { readonly message: string; readonly offset: number } | null {
  const sizes = new Map<Node, number>();
  const open = new Set<Node>();
  const offset = (node: Node) => node.range?.[0] ?? 0;
  class Unreasonable extends Error {
    constructor(
      message: string,
      readonly at: Node,
    ) {
      super(message);
    }
  }
  const measure = (node: unknown, depth: number): number => {
    if (!isNode(node)) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    if (depth > maxDepth) throw new Unreasonable(`is nested more than ${maxDepth} levels deep`, node);
    if (open.has(node)) throw new Unreasonable('an alias refers to a block that holds it', node);
    open.add(node);
    let size = 1;
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined) throw new Unreasonable(`alias *${node.source} refers to nothing`, node);
      size += measure(target, depth + 1);
    } else if (isMap(node)) {
      // Not the parser's own check, whose time grows with the square of the fields.
      const names = new Set<string>();
      for (const pair of node.items) {
        if (!isScalar(pair.key)) throw new Unreasonable('a field must have a plain name', node);
        const name = String(pair.key.value);
        if (names.has(name))
          throw new Unreasonable(`field ${JSON.stringify(name)} stands twice in one block; keep one of them`, pair.key);
        names.add(name);
        size += 1 + measure(pair.value, depth + 1);
      }
    } else if (isSeq(node)) for (const item of node.items) size += measure(item, depth + 1);
    if (size > maxNodes)
      throw new Unreasonable(`holds more than ${maxNodes} values once its aliases are followed`, node);
    open.delete(node);
    sizes.set(node, size);
    return size;
  };
  try {
    measure(document.contents, 0);
    return null;
  } catch (error) {
    if (!(error instanceof Unreasonable)) throw error;
    return { message: error.message, offset: offset(error.at) };
  }
}

/** Offset of the value at a path, or of the nearest thing above it that exists; of the key for an unknown or missing field. */
function offsetOf(document: Document.Parsed, path: Path, field: string | null): number | null {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? null) : null;
  for (const step of field === null ? path : [...path, field]) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
