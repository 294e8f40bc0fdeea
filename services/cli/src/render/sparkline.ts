/** Eight heights. */
const heights = '▁▂▃▄▅▆▇█';

/** A point of a series; values that are not finite have no height. */
export interface DrawnPoint {
  readonly step: number;
  readonly value: number;
}

/**
 * A series in one line of text, its steps from left to right: of each column the mean, from the least to the greatest of them. `!`
 * stands where a value was not finite; a column without a step goes on as the one before.
 */
export function sparkline(points: readonly DrawnPoint[], columns: number): string {
  const [first, last] = [points[0]?.step, points.at(-1)?.step];
  if (first === undefined || last === undefined) return '';
  const width = Math.max(1, Math.min(columns, points.length));
  const cells = Array.from({ length: width }, () => ({ sum: 0, count: 0, odd: false }));
  for (const { step, value } of points) {
    const cell = cells[Math.min(width - 1, Math.floor(((step - first) * width) / (last - first + 1)))];
    if (cell === undefined) continue;
    if (!Number.isFinite(value)) cell.odd = true;
    else {
      cell.sum += value;
      cell.count += 1;
    }
  }
  const means = cells.map(({ sum, count }) => sum / count);
  const shown = means.filter(Number.isFinite);
  const [least, greatest] = [Math.min(...shown), Math.max(...shown)];
  let before = '';
  return cells
    .map(({ odd, count }, column) => {
      if (odd) return '!';
      if (count === 0) return before;
      const share = greatest > least ? ((means[column] as number) - least) / (greatest - least) : 0.5;
      before = heights[Math.min(heights.length - 1, Math.floor(share * heights.length))] ?? '';
      return before;
    })
    .join('');
}
