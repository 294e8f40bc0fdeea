import { createHash } from 'node:crypto';
import { TributaryError } from '@tributary/protocol';
import type { SortPart } from './sort-parts.js';

export type SortValue = number | string | Date | null;

/** Where a page ended: the next begins right after it. */
export interface PagePosition {
  /** When the first page was read: durations before now count from there on every page. */
  readonly nowMs: number;
  readonly segment: number;
  /** Of the last row, by part of its order. */
  readonly values: readonly SortValue[];
}

/** A short digest of what a list is, so that a token is not used for another one. */
export function digestOf(list: unknown): string {
  return createHash('sha256').update(JSON.stringify(list)).digest('base64url').slice(0, 10);
}

const prefix = 'p1.';

/** Whether a text looks like a page token at all: no run's id has a dot. */
export function isPageToken(text: string): boolean {
  return text.startsWith(prefix);
}

/** A position as users carry it from page to page. */
export function encodePage(digest: string, { nowMs, segment, values }: PagePosition): string {
  const content = [digest, nowMs, segment, ...values.map(encodeValue)];
  return prefix + Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** JSON has no NaN and no infinities. */
function encodeValue(value: SortValue): number | string | null {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/**
 * Reads a token.
 * @param partsOf the parts of a segment's order; undefined where there is no such segment
 * @throws TributaryError `FILTER_INVALID` for one that this list has not given
 */
export function decodePage(
  token: string,
  digest: string,
  partsOf: (segment: number) => readonly SortPart[] | undefined,
): PagePosition {
  const [tokenDigest, nowMs, segment, ...values] = contentOf(token);
  if (tokenDigest !== digest || !isMoment(nowMs) || typeof segment !== 'number') throw invalidPage();
  const parts = partsOf(segment);
  if (parts?.length !== values.length) throw invalidPage();
  return { nowMs, segment, values: parts.map((part, place) => decodeValue(part, values[place])) };
}

function contentOf(token: string): unknown[] {
  if (!isPageToken(token)) throw invalidPage();
  try {
    const content: unknown = JSON.parse(Buffer.from(token.slice(prefix.length), 'base64url').toString());
    if (Array.isArray(content)) return content;
  } catch {
    // Not ours.
  }
  throw invalidPage();
}

const longestMs = Date.parse('9999-12-31T23:59:59.999Z');
const isMoment = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= longestMs;

function decodeValue({ type }: SortPart, value: unknown): SortValue {
  if (value === null) return null;
  if (type === 'time' && isMoment(value)) return new Date(value);
  if (type === 'text' && typeof value === 'string' && !value.includes('\0')) return value;
  if (type === 'number') {
    if (typeof value === 'number') return value;
    if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  }
  throw invalidPage();
}

function invalidPage(): TributaryError {
  return new TributaryError(
    'FILTER_INVALID',
    'The page token does not belong to this filter and order; leave it out to begin with the first page.',
  );
}
