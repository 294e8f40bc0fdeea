/**
 * Where a column of a text is in JavaScript's strings: the API counts characters from 1, a string UTF-16 units from 0, and
 * characters beyond U+FFFF are two of them.
 */
export function offsetOfColumn(text: string, column: number): number {
  return [...text].slice(0, column - 1).join('').length;
}
