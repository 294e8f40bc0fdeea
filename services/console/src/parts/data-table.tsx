import type { ComponentChildren } from 'preact';
import { TableScroll } from './table-scroll.js';

export interface Column<T> {
  readonly title: string;
  readonly numeric?: boolean;
  readonly cell: (row: T) => ComponentChildren;
}

export interface DataTableProps<T> {
  readonly caption: string;
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string | number;
  /** The first is the row's head. */
  readonly columns: readonly Column<T>[];
  /** In place of a table without rows. */
  readonly empty: string;
}

/** A table as a table; where it is wider than the page, it scrolls by itself, with the keyboard too. */
export function DataTable<T>({ caption, rows, keyOf, columns, empty }: DataTableProps<T>) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <TableScroll label={`${caption}, table`}>
      <table class="detail">
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, numeric }) => (
              <th scope="col" class={numeric ? 'number' : undefined} key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, numeric, cell }, place) =>
                place === 0 ? (
                  <th scope="row" class={numeric ? 'number' : undefined} key={title}>
                    {cell(row)}
                  </th>
                ) : (
                  <td class={numeric ? 'number' : undefined} key={title}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
