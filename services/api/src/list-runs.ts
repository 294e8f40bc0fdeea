import {
  type Column,
  type Condition,
  type Field,
  fieldsOf,
  formatField,
  type OrderKey,
  parseColumns,
  parseFilter,
  parseOrder,
  typeOfAttribute,
} from '@tributary/filter';
import {
  type ColumnDocument,
  type ColumnValueDocument,
  type RunListDocument,
  TributaryError,
} from '@tributary/protocol';
import { type ColumnValue, columnValues, type Db, isPageToken, searchRuns } from '@tributary/run-store';
import { runSummary } from './run-documents.js';
import type { RunListQuery } from './run-list-schemas.js';

/** Columns that nobody asked for by name. */
const maxImpliedColumns = 6;

/**
 * A page of runs, with the values of its columns.
 * @throws TributaryError `FILTER_INVALID` for a filter, an order, columns or a page that cannot be read, `RUN_NOT_FOUND` for `before`
 */
export async function listRunDocuments(db: Db, query: RunListQuery): Promise<RunListDocument> {
  const filter = conditionOf(query);
  const order = parseOrder(query.order ?? '');
  const columns = query.columns === undefined ? impliedColumns(filter, order) : parseColumns(query.columns);
  const { runs, next } = await searchRuns(db, { filter, order, limit: query.limit, ...beginningOf(query) });
  const values = await columnValues(
    db,
    runs.map(({ run }) => run),
    columns.map(({ field }) => field),
  );
  return {
    runs: runs.map((row) => {
      const own = values.get(row.run) ?? [];
      const named = columns.map(({ label }, place) => [label, documentOf(own[place] ?? null)]);
      return { ...runSummary(row), values: Object.fromEntries(named) };
    }),
    columns: columns.map(({ label, field }) => ({ name: label, type: typeOf(field) })),
    next,
  };
}

function conditionOf({ filter, state, experiment }: RunListQuery): Condition {
  const beside: Condition[] = [];
  if (state !== undefined) beside.push({ kind: 'states', states: state });
  if (experiment !== undefined) {
    const field = { kind: 'attribute', attribute: 'experiment' } as const;
    beside.push({ kind: 'text', field, value: experiment, negated: false });
  }
  const written = parseFilter(filter ?? '');
  return beside.length === 0 ? written : { kind: 'all', of: [...beside, written] };
}

/** `before` was what `next` is given as, when it was a run. */
function beginningOf({ page, before }: RunListQuery): { readonly page?: string; readonly after?: string } {
  if (page !== undefined && before !== undefined)
    throw new TributaryError('FILTER_INVALID', 'page and before both say where to begin; give one of them.');
  if (page !== undefined) return { page };
  if (before === undefined) return {};
  return isPageToken(before) ? { page: before } : { after: before };
}

/** What the filter and the order speak of is worth seeing. */
function impliedColumns(filter: Condition, order: readonly OrderKey[]): Column[] {
  const fields = [...order.map(({ field }) => field), ...fieldsOf(filter)].filter(({ kind }) => kind !== 'attribute');
  const byLabel = new Map(fields.map((field) => [formatField(field), field]));
  return [...byLabel].slice(0, maxImpliedColumns).map(([label, field]) => ({ label, field }));
}

function typeOf(field: Field): ColumnDocument['type'] {
  if (field.kind === 'metric') return 'number';
  if (field.kind !== 'attribute') return 'text';
  const type = typeOfAttribute(field.attribute);
  return type === 'state' ? 'text' : type;
}

function documentOf(value: ColumnValue): ColumnValueDocument {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
