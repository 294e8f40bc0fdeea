import { shorten, table } from './tables.js';

/** Columns of a terminal that tables of several runs fit into. */
export const lineWidth = 100;
/** Of a cell of text, unless there is room for more. */
const narrowestCell = 12;
/** On both sides of a column, with the line between. */
const margin = 3;

export interface SideBySide {
  readonly title: string;
  /** One a run. */
  readonly heads: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly string[] }[];
  readonly numeric?: boolean;
}

/** A row for each name and a column for each run; where the columns do not fit, in several tables one below the other. */
export function sideBySide({ title, heads, rows, numeric = false }: SideBySide): string {
  const names = Math.min(Math.max(title.length, ...rows.map(({ name }) => name.length)), 44);
  const widest = Math.max(
    ...heads.map((head) => head.length),
    ...rows.flatMap(({ cells }) => cells.map((cell) => cell.length)),
  );
  const room = lineWidth - names - margin - 1;
  const shared = Math.floor(room / heads.length) - margin;
  const width = numeric ? widest : Math.min(widest, Math.max(shared, narrowestCell));
  const columns = Math.max(1, Math.floor(room / (width + margin)));
  const blocks: string[] = [];
  for (let from = 0; from < heads.length; from += columns) {
    const part = <T>(each: readonly T[]): readonly T[] => each.slice(from, from + columns);
    blocks.push(
      table(
        [title, ...part(heads).map((head) => shortenEnds(head, width))],
        rows.map(({ name, cells }) => [shortenEnds(name, names), ...part(cells).map((cell) => shorten(cell, width))]),
        numeric ? part(heads).map((_, index) => index + 1) : [],
      ),
    );
  }
  return blocks.join('\n\n');
}

/** Names of fields and runs tell more at their end. */
function shortenEnds(name: string, width: number): string {
  const letters = [...name];
  return letters.length <= width ? name : `…${letters.slice(letters.length - width + 1).join('')}`;
}
