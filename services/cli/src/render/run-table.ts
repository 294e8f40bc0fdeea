import type { ColumnDocument, ColumnValueDocument, RunListDocument } from '@tributary/protocol';
import { formatTime } from './quantities.js';
import { denseTable, shorten, table } from './tables.js';

const longestCell = 60;

/** A page of runs: the chosen columns alone, or what is usually asked of a run and the columns that the API adds. */
export function runTable({ runs, columns }: RunListDocument, chosen: boolean): string {
  const cells = columns.map((column) => runs.map(({ values }) => cellOf(column, values[column.name] ?? null)));
  const numeric = cells.map((column) =>
    column.every((cell) => cell === '' || Number.isFinite(Number(cell)) || cell === 'NaN'),
  );
  const places = (before: number) => numeric.flatMap((is, place) => (is ? [place + before] : []));
  const ofRow = (row: number) => cells.map((column) => column[row] ?? '');
  const names = columns.map(({ name }) => name);
  if (chosen)
    return table(
      names,
      runs.map((_, row) => ofRow(row)),
      places(0),
    );
  const rows = runs.map(({ run, state, step, targetSteps, attempt, createdAt, reason }, row) => [
    ...[run, state, targetSteps === null ? String(step) : `${step}/${targetSteps}`, String(attempt)],
    ...[formatTime(createdAt), ...ofRow(row), shorten(reason ?? '', longestCell)],
  ]);
  return denseTable(['run', 'state', 'step', 'attempt', 'created', ...names, 'reason'], rows, [2, 3, ...places(5)]);
}

function cellOf({ type }: ColumnDocument, value: ColumnValueDocument): string {
  if (value === null) return '';
  if (type === 'time') return formatTime(String(value));
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  return shorten(String(value), longestCell);
}
