import type { Comparison, Condition, Field } from '@tributary/filter';
import type { RunState } from '@tributary/protocol';

/** A run as plain data, for what a filter should say of it. */
export interface PlainRun {
  readonly run: string;
  readonly experiment: string;
  readonly state: RunState;
  readonly reason: string | null;
  readonly step: number;
  readonly targetSteps: number | null;
  readonly attempt: number;
  readonly created: Date;
  readonly started: Date | null;
  readonly ended: Date | null;
  readonly parent: string | null;
  readonly archived: Date | null;
  readonly deleted: Date | null;
  readonly note: string | null;
  readonly stateHash: string | null;
  readonly commits: readonly string[];
  readonly metrics: Readonly<
    Record<string, { readonly last: number; readonly min: number | null; readonly max: number | null }>
  >;
  readonly params: Readonly<Record<string, { readonly value: string; readonly number: number | null }>>;
  readonly tags: Readonly<Record<string, string>>;
}

export type PlainValue = number | string | Date;

/** Every value that a run has of a field: none, one, or several commits. */
export function valuesOf(run: PlainRun, field: Field, type: 'number' | 'text'): PlainValue[] {
  const one = (value: PlainValue | null | undefined): PlainValue[] =>
    value === null || value === undefined ? [] : [value];
  switch (field.kind) {
    case 'metric':
      return one(run.metrics[field.metric]?.[field.summary]);
    case 'param':
      return one(run.params[field.key]?.[type === 'number' ? 'number' : 'value']);
    case 'tag':
      return one(run.tags[field.key]);
    case 'attribute':
      switch (field.attribute) {
        case 'commit':
          return [...run.commits];
        case 'target_steps':
          return one(run.targetSteps);
        case 'state_hash':
          return one(run.stateHash);
        default:
          return one(run[field.attribute]);
      }
  }
}

/** What a filter says of a run, as its documentation has it. */
export function evaluate(condition: Condition, run: PlainRun, nowMs: number): boolean {
  const some = (field: Field, type: 'number' | 'text', test: (value: PlainValue) => boolean) =>
    valuesOf(run, field, type).some(test);
  switch (condition.kind) {
    case 'all':
      return condition.of.every((part) => evaluate(part, run, nowMs));
    case 'any':
      return condition.of.some((part) => evaluate(part, run, nowMs));
    case 'not':
      return !evaluate(condition.of, run, nowMs);
    case 'number':
      return some(condition.field, 'number', (value) => compare(Number(value), condition.comparison, condition.value));
    case 'numbers':
      return some(condition.field, 'number', (value) => condition.values.includes(Number(value)) !== condition.negated);
    case 'text':
      return some(condition.field, 'text', (value) => (value === condition.value) !== condition.negated);
    case 'texts':
      return some(condition.field, 'text', (value) => condition.values.includes(String(value)) !== condition.negated);
    case 'like': {
      const pattern = expressionOf(condition.pattern, condition.ignoreCase);
      return some(condition.field, 'text', (value) => pattern.test(String(value)) !== condition.negated);
    }
    case 'time': {
      const moment = 'atMs' in condition.value ? condition.value.atMs : nowMs - condition.value.agoMs;
      return some(condition.field, 'text', (value) => compare(Number(value), condition.comparison, moment));
    }
    case 'states':
      return condition.states.includes(run.state);
    case 'archived':
      return (run.archived !== null) === condition.archived;
    case 'present':
      return valuesOf(run, condition.field, 'text').length > 0 !== condition.negated;
    case 'nan':
      return some(condition.field, 'number', (value) => Number.isNaN(value) !== condition.negated);
  }
}

function compare(left: number, comparison: Comparison, right: number): boolean {
  switch (comparison) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

/** LIKE as a regular expression. */
function expressionOf(pattern: string, ignoreCase: boolean): RegExp {
  const source = pattern.replace(/\\(.)|([%_])|(.)/gsu, (_, escaped?: string, wild?: string, plain?: string) =>
    wild === '%' ? '.*' : wild === '_' ? '.' : (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
  );
  return new RegExp(`^${source}$`, ignoreCase ? 'isu' : 'su');
}
