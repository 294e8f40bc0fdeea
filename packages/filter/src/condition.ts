import type { RunState } from '@tributary/protocol';
import type { AttributeName } from './attributes.js';

/** A number that the run store keeps of each metric: of its newest step, its least or its greatest, NaN left out of the two. */
export type MetricSummary = 'last' | 'min' | 'max';

export interface MetricField {
  readonly kind: 'metric';
  /** `grad_norm`, or `<task>.<series>`: `pronounce.train.loss`. */
  readonly metric: string;
  readonly summary: MetricSummary;
}
/** A leaf of the run file: `optimizer.learningRate`. */
export interface ParamField {
  readonly kind: 'param';
  readonly key: string;
}
export interface TagField {
  readonly kind: 'tag';
  readonly key: string;
}
export interface AttributeField {
  readonly kind: 'attribute';
  readonly attribute: AttributeName;
}
export type Field = MetricField | ParamField | TagField | AttributeField;

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A moment, or a duration before the moment at which the filter is used. */
export type Moment = { readonly atMs: number } | { readonly agoMs: number };

/**
 * A filter as a tree. It is true or false of each run, never unknown: a comparison is false of a run that lacks the value, and
 * so is a negated one (`!=`, `NOT IN`, `NOT LIKE`); `not` turns whatever it holds.
 */
export type Condition =
  /** All of them; of none: every run. */
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** Of a NaN only `!=` is true. */
  | { readonly kind: 'number'; readonly field: Field; readonly comparison: Comparison; readonly value: number }
  | { readonly kind: 'numbers'; readonly field: Field; readonly values: readonly number[]; readonly negated: boolean }
  | { readonly kind: 'text'; readonly field: Field; readonly value: string; readonly negated: boolean }
  | { readonly kind: 'texts'; readonly field: Field; readonly values: readonly string[]; readonly negated: boolean }
  /** `%` is any text, `_` any character, `\` takes the next character as it is. */
  | {
      readonly kind: 'like';
      readonly field: Field;
      readonly pattern: string;
      readonly ignoreCase: boolean;
      readonly negated: boolean;
    }
  | { readonly kind: 'time'; readonly field: AttributeField; readonly comparison: Comparison; readonly value: Moment }
  | { readonly kind: 'states'; readonly states: readonly RunState[] }
  | { readonly kind: 'archived'; readonly archived: boolean }
  | { readonly kind: 'present'; readonly field: Field; readonly negated: boolean }
  | { readonly kind: 'nan'; readonly field: MetricField; readonly negated: boolean };

/** One key of an order. Whatever the direction, runs without the value come last, and NaN just before them. */
export interface OrderKey {
  readonly field: Field;
  readonly descending: boolean;
}

/** Whether a condition speaks of archived runs: they are hidden otherwise. */
export function namesArchived(condition: Condition): boolean {
  switch (condition.kind) {
    case 'archived':
      return true;
    case 'all':
    case 'any':
      return condition.of.some(namesArchived);
    case 'not':
      return namesArchived(condition.of);
    default:
      return false;
  }
}

/** The metrics, parameters and tags that a condition speaks of, each once, in its order. */
export function fieldsOf(condition: Condition): Field[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return distinct(condition.of.flatMap(fieldsOf));
    case 'not':
      return fieldsOf(condition.of);
    case 'states':
    case 'archived':
      return [];
    default:
      return condition.field.kind === 'attribute' ? [] : [condition.field];
  }
}

function distinct(fields: readonly Field[]): Field[] {
  return [...new Map(fields.map((field) => [JSON.stringify(field), field])).values()];
}
