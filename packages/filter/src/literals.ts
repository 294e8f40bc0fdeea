import type { Span } from './filter-error.js';
import type { NameSyntax } from './syntax.js';

/** Takes the quotes off a text; a doubled quote inside it is one. */
export function unquote(image: string): string {
  const quote = image.charAt(0);
  return image.slice(1, -1).replaceAll(quote + quote, quote);
}

interface NamePart extends Span {
  readonly image: string;
  /** Unquoted: it may hold dots. */
  readonly word: boolean;
}

/** Joins a name of quoted and unquoted parts: only a dot outside quotes separates its head from the rest. */
export function joinName(parts: readonly NamePart[]): NameSyntax {
  const [first, ...others] = parts;
  const head = first === undefined ? '' : first.word ? (first.image.split('.')[0] ?? '') : unquote(first.image);
  const rest = first?.word === true ? first.image.slice(head.length + 1) : '';
  const tail = [...(rest === '' ? [] : [rest]), ...others.map(({ image, word }) => (word ? image : unquote(image)))];
  return {
    head,
    rest: tail.length === 0 ? null : tail.join('.'),
    start: first?.start ?? 0,
    end: parts.at(-1)?.end ?? 0,
  };
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Milliseconds of `7d`, `1.5h`. */
export function durationOf(text: string): number {
  const [, count = '0', unit = 'ms'] = /^(.*?)([a-z]+)$/.exec(text) ?? [];
  return Math.round(Number(count) * (unitMs[unit] ?? 1));
}

const firstMs = Date.parse('0001-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

/** Milliseconds since 1970; earlier and later than Postgres and Date both know means the same as their ends. */
export function boundedMs(ms: number): number {
  return Math.min(lastMs, Math.max(firstMs, ms));
}

const datePattern = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds since 1970 of an ISO date, in UTC unless it says otherwise; undefined where it is none. */
export function dateMs(text: string): number | undefined {
  const match = datePattern.exec(text);
  if (!match) return undefined;
  const [, day = '', minutes = '00:00', seconds = ':00', zone = 'Z'] = match;
  const offset = zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const ms = Date.parse(`${day}T${minutes}${seconds}${offset}`);
  // Date.parse takes the 31st of February for a day in March.
  return Number.isNaN(ms) || !new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? undefined : boundedMs(ms);
}
