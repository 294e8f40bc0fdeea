import type { OrderKey } from '@tributary/filter';
import { type PlainRun, type PlainValue, valuesOf } from './evaluate-condition.fixture.js';

/** How an order puts two runs, as its documentation has it. */
export function compareRuns(order: readonly OrderKey[]): (left: PlainRun, right: PlainRun) => number {
  const created = order.find(({ field }) => field.kind === 'attribute' && field.attribute === 'created');
  const newestFirst = created === undefined ? -1 : created.descending ? -1 : 1;
  return (left, right) => {
    for (const { field, descending } of order) {
      const [a, b] = [sortable(left, field), sortable(right, field)];
      if (a.rank !== b.rank) return a.rank - b.rank;
      const difference = a.value === undefined || b.value === undefined ? 0 : compareValues(a.value, b.value);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return (
      (created === undefined ? compareValues(right.created, left.created) : 0) ||
      newestFirst * compareValues(left.run, right.run)
    );
  };
}

/** Runs of a higher rank come later, whatever the direction. */
function sortable(run: PlainRun, field: OrderKey['field']): { readonly rank: number; readonly value?: PlainValue } {
  if (field.kind === 'attribute' && field.attribute === 'archived')
    return { rank: 0, value: run.archived === null ? 0 : 1 };
  const [number] = field.kind === 'param' ? valuesOf(run, field, 'number') : [];
  if (number !== undefined) return { rank: 0, value: number };
  const [value] = valuesOf(run, field, 'text');
  if (value === undefined) return { rank: 2 };
  if (field.kind === 'param') return { rank: 1, value };
  return Number.isNaN(value) ? { rank: 1 } : { rank: 0, value };
}

function compareValues(left: PlainValue, right: PlainValue): number {
  const [a, b] = [plain(left), plain(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

const plain = (value: PlainValue): number | string => (value instanceof Date ? value.getTime() : value);
