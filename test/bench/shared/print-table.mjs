const pad = (text, width) => (width < 0 ? text.padEnd(-width) : text.padStart(width));

/**
 * Prints rows under titles on stdout.
 * @param {[title: string, width: number, text: (row: object) => string | undefined][]} columns widths below 0 align left
 */
export function printTable(columns, rows) {
  console.log(columns.map(([title, width]) => pad(title, width)).join('  '));
  for (const row of rows) console.log(columns.map(([, width, text]) => pad(text(row) ?? '-', width)).join('  '));
}
