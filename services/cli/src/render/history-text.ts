import type { HistoryDocument, RecordedNumber } from '@tributary/protocol';
import color from 'picocolors';
import { printable } from './quantities.js';
import { sparkline } from './sparkline.js';

/** A metric over the steps of a run, in a few lines. @param columns of the terminal */
export function historyText(history: HistoryDocument, columns: number): string {
  const { run, metric, count, firstStep, lastStep, first, last, min, max, better, points } = history;
  const drawn = points.map(({ step, value }) => ({ step, value: Number(value) }));
  const best = better === 'min' ? 'less is better' : 'more is better';
  return [
    `Run ${color.bold(printable(run))}: ${printable(metric)}, ${count === 1 ? '1 point' : `${count} points`}, steps ${firstStep ?? 0} to ${lastStep ?? 0}`,
    '',
    sparkline(drawn, Math.max(20, columns)),
    '',
    `first ${formatValue(first)}   last ${formatValue(last)}   min ${formatValue(min)}   max ${formatValue(max)}   (${best})`,
  ].join('\n');
}

/** Five significant digits: `0.30012`, `1.2e-8`, `NaN`; `-` where there is none. */
export function formatValue(value: RecordedNumber | null): string {
  if (value === null) return '-';
  const number = Number(value);
  return Number.isFinite(number) ? String(Number(number.toPrecision(5))) : String(number);
}
