import Table from 'cli-table3';
import color from 'picocolors';
import { printable } from './quantities.js';

/** A table of text; cells are made harmless, numbers go to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[] = [],
): string {
  const drawn = new Table({
    head: head.map((cell) => color.bold(cell)),
    style: { head: [], border: [] },
    colAligns: head.map((_, column) => (numeric.includes(column) ? 'right' : 'left')),
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: ' ',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: ' ',
    },
  });
  drawn.push(...rows.map((row) => row.map(printable)));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Like `table`, without the columns that are empty in every row. */
export function denseTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[] = [],
): string {
  const kept = head.map((_, column) => column).filter((column) => rows.some((row) => row[column] !== ''));
  const pick = (cells: readonly string[]) => kept.map((column) => cells[column] ?? '');
  return table(
    pick(head),
    rows.map(pick),
    kept.flatMap((column, place) => (numeric.includes(column) ? [place] : [])),
  );
}

/** A text that fits a column. */
export function shorten(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, width - 1).join('')}…`;
}
