import type { FileDataSpec, TokensSpec } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import { vectorsOf } from './file-vectors.js';
import type { FrameSequence } from './frame-sequence.js';
import { reservedSymbols, textToSymbols } from './symbols.js';
import { type Line, utf8Lines } from './utf8-lines.js';

/** One pair of a file and its line; a side with `features` holds vectors in place of text. */
export interface FilePair {
  readonly source: string | FrameSequence;
  readonly target: string | FrameSequence;
  /** What it belongs to (`columns.group`); null where the data has no such column. */
  readonly group: string | null;
  readonly line: number;
}

/**
 * Reads the pairs of a JSONL or TSV file. JSONL: one object a line, both fields strings, or lists of
 * vectors where `features` says so. TSV: a header line, then as many
 * tab-separated fields a line; quotes are ordinary characters (quoted fields, tabs or line ends inside fields are not
 * supported: use JSONL for them).
 * @param where names the file in errors.
 * @param unitTargets whether numbers of a target must lie in 0 to 1, since nothing else can be put out
 * @throws TributaryError `DATA_INVALID` naming the line and the remedy: empty file, not UTF-8, malformed line, unknown
 *   column, empty source, target or group, reserved symbol; vectors that are ragged, of another width, not finite or, in a target, outside
 *   0 to 1.
 */
export function inspectPairs(
  bytes: Uint8Array,
  data: FileDataSpec,
  where: string,
  { unitTargets = true }: { readonly unitTargets?: boolean } = {},
): { pairs: FilePair[] } {
  const lines = utf8Lines(bytes, where);
  const pairs = data.format === 'jsonl' ? jsonlPairs(lines, data, where, unitTargets) : tsvPairs(lines, data, where);
  for (const pair of pairs) {
    for (const side of ['source', 'target'] as const) {
      const value = pair[side];
      if (typeof value === 'string') checkText(value, data.tokens[side], `${where} line ${pair.line}: the ${side}`);
    }
  }
  return { pairs };
}

function checkText(text: string, tokens: TokensSpec, what: string): void {
  if (text.trim() === '') throw new TributaryError('DATA_INVALID', `${what} is empty: give it text or drop the line.`);
  if (/\p{Surrogate}/u.test(text))
    throw new TributaryError(
      'DATA_INVALID',
      `${what} holds half of a surrogate pair (\\ud800 to \\udfff): mend the escape.`,
    );
  if (tokens === 'whitespace' && text.includes('<')) {
    const reserved = textToSymbols(text, tokens).find((symbol) => reservedSymbols.has(symbol));
    if (reserved !== undefined)
      throw new TributaryError(
        'DATA_INVALID',
        `${what} holds the reserved symbol ${reserved}: write it in another way.`,
      );
  }
}

function jsonlPairs(lines: readonly Line[], data: FileDataSpec, where: string, unitTargets: boolean): FilePair[] {
  return lines.map(({ number, text }) => {
    const row = parseObject(text, `${where} line ${number}`);
    const field = (side: 'source' | 'target'): string | FrameSequence => {
      const name = data.columns[side];
      const width = data.features[side];
      const value = Object.hasOwn(row, name) ? row[name] : undefined;
      if (value === undefined)
        throw new TributaryError(
          'DATA_INVALID',
          `${where} line ${number} has no field "${name}"; it has ${named(Object.keys(row))}: set the task's data.columns.`,
        );
      const what = `${where} line ${number}: field "${name}"`;
      if (width !== undefined)
        return vectorsOf(value, what, {
          width,
          field: `data.features.${side}`,
          unit: side === 'target' && unitTargets,
        });
      if (typeof value !== 'string')
        throw new TributaryError(
          'DATA_INVALID',
          Array.isArray(value)
            ? `${what} is a list: for vectors give their width as data.features.${side}, for text put it in quotes.`
            : `${what} is not a string: put it in quotes.`,
        );
      return value;
    };
    return {
      source: field('source'),
      target: field('target'),
      group: groupOf(row, data, `${where} line ${number}`),
      line: number,
    };
  });
}

function groupOf(row: Record<string, unknown>, data: FileDataSpec, where: string): string | null {
  const name = data.columns.group;
  if (name === undefined) return null;
  const value = Object.hasOwn(row, name) ? row[name] : undefined;
  if (typeof value === 'string') return checkedGroup(value, where);
  throw new TributaryError(
    'DATA_INVALID',
    value === undefined
      ? `${where} has no field "${name}"; it has ${named(Object.keys(row))}: set the task's data.columns.group.`
      : `${where}: field "${name}" is not a string: put it in quotes.`,
  );
}

function checkedGroup(group: string, where: string): string {
  if (group.trim() !== '') return group;
  throw new TributaryError('DATA_INVALID', `${where}: the group is empty: name what the pair belongs to.`);
}

function parseObject(text: string, where: string): Record<string, unknown> {
  if (text.trim() === '') throw new TributaryError('DATA_INVALID', `${where} is empty: drop the line.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TributaryError(
      'DATA_INVALID',
      `${where} is not JSON (${(cause as Error).message}): each line must be one whole JSON object.`,
      { cause },
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TributaryError('DATA_INVALID', `${where} is not a JSON object: write {"source": "…", "target": "…"}.`);
  return value as Record<string, unknown>;
}

function tsvPairs(lines: readonly Line[], data: FileDataSpec, where: string): FilePair[] {
  const [header, ...rows] = lines as [Line, ...Line[]];
  const columns = header.text.split('\t');
  const position = (name: string): number => {
    const found = columns.indexOf(name);
    if (found === -1)
      throw new TributaryError(
        'DATA_INVALID',
        `${where} has no column "${name}"; its header line has ${named(columns)}: set the task's data.columns.`,
      );
    if (columns.lastIndexOf(name) !== found)
      throw new TributaryError('DATA_INVALID', `${where} has two columns "${name}": rename one.`);
    return found;
  };
  const source = position(data.columns.source);
  const target = position(data.columns.target);
  const group = data.columns.group === undefined ? null : position(data.columns.group);
  if (rows.length === 0)
    throw new TributaryError('DATA_INVALID', `${where} is empty after its header line: give at least one pair.`);
  return rows.map(({ number, text }) => {
    const fields = text.split('\t');
    if (fields.length !== columns.length)
      throw new TributaryError(
        'DATA_INVALID',
        `${where} line ${number} has ${fields.length} fields, the header line has ${columns.length}: tabs and line ends inside fields are not supported, also not in quotes; use JSONL for them.`,
      );
    return {
      source: fields[source] as string,
      target: fields[target] as string,
      group: group === null ? null : checkedGroup(fields[group] as string, `${where} line ${number}`),
      line: number,
    };
  });
}

function named(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names
    .slice(0, 20)
    .map((name) => JSON.stringify(name))
    .join(', ');
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
