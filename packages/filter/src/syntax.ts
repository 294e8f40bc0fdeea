import type { Span } from './filter-error.js';

/** A name as it stands: what precedes its first dot outside quotes, and what follows it. */
export interface NameSyntax extends Span {
  readonly head: string;
  /** Null where there is no dot. */
  readonly rest: string | null;
}

/** `metrics.loss`, or `best(metrics.loss)`. */
export interface FieldSyntax extends Span {
  readonly called: NameSyntax | null;
  readonly name: NameSyntax;
}

export type ValueSyntax = Span &
  (
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'date'; readonly text: string }
    | { readonly kind: 'ago'; readonly agoMs: number }
    | { readonly kind: 'word'; readonly text: string }
  );

export interface OperatorSyntax extends Span {
  readonly image: string;
}

export type TermSyntax = { readonly field: FieldSyntax } & (
  | { readonly kind: 'compare'; readonly operator: OperatorSyntax; readonly value: ValueSyntax }
  | { readonly kind: 'like'; readonly operator: OperatorSyntax; readonly negated: boolean; readonly value: ValueSyntax }
  | {
      readonly kind: 'in';
      readonly operator: OperatorSyntax;
      readonly negated: boolean;
      readonly values: readonly ValueSyntax[];
    }
  | { readonly kind: 'is'; readonly operator: OperatorSyntax; readonly negated: boolean; readonly what: 'null' | 'nan' }
);

export type ConditionSyntax =
  | { readonly kind: 'all' | 'any'; readonly of: readonly ConditionSyntax[] }
  | { readonly kind: 'not'; readonly of: ConditionSyntax }
  | TermSyntax;

export interface OrderSyntax extends Span {
  readonly field: FieldSyntax;
  /** `-` before the field. */
  readonly minus: boolean;
  readonly direction: 'asc' | 'desc' | null;
}
