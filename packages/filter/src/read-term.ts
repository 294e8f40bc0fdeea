import { nearestName, type RunState, runStates } from '@tributary/protocol';
import { type AttributeType, typeOfAttribute } from './attributes.js';
import type { Comparison, Condition, Field, Moment } from './condition.js';
import type { SourceText } from './filter-error.js';
import { filterLimits } from './limits.js';
import { boundedMs, dateMs } from './literals.js';
import { resolveField } from './resolve-field.js';
import { findStates, spokenStates } from './states.js';
import type { OperatorSyntax, TermSyntax, ValueSyntax } from './syntax.js';

type Compare = Extract<TermSyntax, { kind: 'compare' }>;

/** What one comparison of the text means. @throws FilterError where its two sides do not go together */
export function readTerm(source: SourceText, term: TermSyntax): Condition {
  const field = resolveField(source, term.field);
  switch (term.kind) {
    case 'compare':
      return readComparison(source, term, field);
    case 'in':
      return readList(source, term, field);
    case 'like':
      return readLike(source, term, field);
    case 'is':
      return readIs(source, term, field);
  }
}

/** A parameter is whatever the other side is. */
const typeOf = (field: Field): AttributeType | 'any' =>
  field.kind === 'attribute'
    ? typeOfAttribute(field.attribute)
    : field.kind === 'metric'
      ? 'number'
      : field.kind === 'tag'
        ? 'text'
        : 'any';

function readComparison(source: SourceText, { field: spoken, operator, value }: Compare, field: Field): Condition {
  const comparison = comparisonOf(operator);
  const type = typeOf(field);
  switch (type === 'any' ? (value.kind === 'number' ? 'number' : 'text') : type) {
    case 'number':
      return { kind: 'number', field, comparison, value: numberOf(source, value, source.quote(spoken)) };
    case 'text': {
      const text = textOf(source, value);
      return { kind: 'text', field, value: text, negated: equalityOf(source, operator, type) === '!=' };
    }
    case 'time':
      if (field.kind !== 'attribute') throw new Error('Only attributes are times.');
      return { kind: 'time', field, comparison, value: momentOf(source, value) };
    case 'state': {
      const states = statesOf(source, value);
      const negated = equalityOf(source, operator, type) === '!=';
      return { kind: 'states', states: runStates.filter((state) => states.includes(state) !== negated) };
    }
    case 'boolean': {
      const is = booleanOf(source, value);
      return { kind: 'archived', archived: is === (equalityOf(source, operator, type) === '=') };
    }
  }
}

function readList(source: SourceText, term: Extract<TermSyntax, { kind: 'in' }>, field: Field): Condition {
  const { operator, negated, values } = term;
  const type = typeOf(field);
  const excess = values[filterLimits.values];
  if (excess) throw source.error(excess, `a list has at most ${filterLimits.values} values`);
  switch (type === 'any' ? (values[0]?.kind === 'number' ? 'number' : 'text') : type) {
    case 'number': {
      const numbers = values.map((value) => numberOf(source, value, source.quote(term.field)));
      return { kind: 'numbers', field, values: numbers, negated };
    }
    case 'text':
      return { kind: 'texts', field, values: values.map((value) => textOf(source, value)), negated };
    case 'state': {
      const states = values.flatMap((value) => statesOf(source, value));
      return { kind: 'states', states: runStates.filter((state) => states.includes(state) !== negated) };
    }
    default:
      throw source.error(operator, `${source.quote(term.field)} cannot be looked up in a list; compare it with = or <`);
  }
}

function readLike(source: SourceText, term: Extract<TermSyntax, { kind: 'like' }>, field: Field): Condition {
  const { operator, negated, value } = term;
  const type = typeOf(field);
  if (type !== 'text' && type !== 'any')
    throw source.error(
      operator,
      `${operator.image.toUpperCase()} compares text, and ${source.quote(term.field)} is ${described[type]}; use =, != or IN`,
    );
  const pattern = textOf(source, value);
  if (/(?<!\\)(?:\\\\)*\\$/.test(pattern))
    throw source.error(value, 'the pattern ends in a single \\, which takes the next character as it is; write \\\\');
  return { kind: 'like', field, pattern, ignoreCase: operator.image.toLowerCase() === 'ilike', negated };
}

function readIs(source: SourceText, term: Extract<TermSyntax, { kind: 'is' }>, field: Field): Condition {
  if (term.what === 'nan') {
    if (field.kind !== 'metric') throw source.error(term.operator, 'only a metric can be NaN; use IS NULL');
    return { kind: 'nan', field, negated: term.negated };
  }
  if (field.kind === 'attribute' && field.attribute === 'archived')
    throw source.error(term.operator, 'archived is true or false; write archived = false');
  return { kind: 'present', field, negated: !term.negated };
}

const described: Readonly<Record<AttributeType, string>> = {
  number: 'a number',
  text: 'text',
  time: 'a time',
  state: 'a state',
  boolean: 'true or false',
};

function comparisonOf({ image }: OperatorSyntax): Comparison {
  return image === '==' ? '=' : image === '<>' ? '!=' : (image as Comparison);
}

function equalityOf(source: SourceText, operator: OperatorSyntax, type: AttributeType | 'any'): '=' | '!=' {
  const comparison = comparisonOf(operator);
  if (comparison === '=' || comparison === '!=') return comparison;
  throw source.error(
    operator,
    type === 'any'
      ? `${comparison} compares numbers: write the value without quotes`
      : `${comparison} does not compare ${type === 'text' ? 'text' : described[type]}; use =, !=${type === 'text' ? ', LIKE' : ''} or IN`,
  );
}

const mismatch = (source: SourceText, value: ValueSyntax, expected: string): Error =>
  source.error(value, `expected ${expected}; found ${source.quote(value)}`);

function numberOf(source: SourceText, value: ValueSyntax, field: string): number {
  if (value.kind === 'number' && Number.isFinite(value.value)) return value.value;
  if (value.kind === 'number') throw source.error(value, 'the number is too large');
  if (value.kind === 'text' && value.text.trim() !== '' && Number.isFinite(Number(value.text)))
    throw source.error(value, `${field} is a number: write ${value.text.trim()} without quotes`);
  throw mismatch(source, value, `a number, because ${field} is one`);
}

function textOf(source: SourceText, value: ValueSyntax): string {
  if (value.kind === 'text') return value.text;
  if (value.kind === 'word' && /^(true|false)$/i.test(value.text)) return value.text.toLowerCase();
  throw source.error(value, `expected text in quotes: write '${source.quote(value)}'`);
}

function momentOf(source: SourceText, value: ValueSyntax): Moment {
  if (value.kind === 'ago') return { agoMs: value.agoMs };
  if (value.kind === 'number') return { atMs: boundedMs(value.value) };
  const atMs = value.kind === 'date' || value.kind === 'text' ? dateMs(value.text) : undefined;
  if (atMs === undefined)
    throw mismatch(source, value, "a time: '2026-11-24', '2026-11-24T17:45:00Z', -7d, or milliseconds since 1970");
  return { atMs };
}

function statesOf(source: SourceText, value: ValueSyntax): readonly RunState[] {
  const text = textOf(source, value);
  const states = findStates(text);
  if (states !== undefined) return states;
  const meant = nearestName(text, spokenStates);
  throw source.error(
    value,
    `no run is in a state "${text.slice(0, 40)}"; ${meant === undefined ? `states are ${spokenStates.join(', ')}` : `did you mean '${meant}'?`}`,
  );
}

function booleanOf(source: SourceText, value: ValueSyntax): boolean {
  const text = value.kind === 'word' || value.kind === 'text' ? value.text.toLowerCase() : '';
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw source.error(value, `expected true or false; found ${source.quote(value)}`);
}
