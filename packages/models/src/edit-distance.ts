/**
 * Levenshtein distance: the fewest insertions, deletions and substitutions that turn `a` into `b`. O(a · b) time, one row
 * of memory; equal beginnings and ends cost nothing.
 */
export function editDistance<Symbol extends number | string>(a: ArrayLike<Symbol>, b: ArrayLike<Symbol>): number {
  let start = 0;
  let aEnd = a.length;
  let bEnd = b.length;
  while (start < aEnd && start < bEnd && a[start] === b[start]) start++;
  while (aEnd > start && bEnd > start && a[aEnd - 1] === b[bEnd - 1]) {
    aEnd--;
    bEnd--;
  }
  const width = bEnd - start;
  if (aEnd === start) return width;
  const row = new Uint32Array(width + 1);
  for (let j = 0; j <= width; j++) row[j] = j;
  for (let i = start; i < aEnd; i++) {
    let diagonal = row[0] as number;
    let left = diagonal + 1;
    row[0] = left;
    const symbol = a[i];
    for (let j = 1; j <= width; j++) {
      const above = row[j] as number;
      const replaced = symbol === b[start + j - 1] ? diagonal : diagonal + 1;
      left = Math.min(replaced, above + 1, left + 1);
      row[j] = left;
      diagonal = above;
    }
  }
  return row[width] as number;
}
