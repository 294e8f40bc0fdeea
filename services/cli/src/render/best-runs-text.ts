import type { BestRunsDocument } from '@tributary/protocol';
import { formatTime, formatValue, printable } from './quantities.js';
import { denseTable, shorten } from './tables.js';

/** The best runs by a metric, best first. */
export function bestRunsText({ metric, direction, runs }: BestRunsDocument): string {
  const value = (each: number | null) => (each === null ? 'not finite' : formatValue(each));
  const rows = runs.map((run) => [
    shorten(run.run, 40),
    value(run.value),
    value(run.last),
    run.lastStep === null ? '' : String(run.lastStep),
    run.state,
    formatTime(run.createdAt),
  ]);
  const rule = direction === 'min' ? 'less' : 'more';
  return [
    `${printable(metric)}, of which ${rule} is better:`,
    denseTable(['run', direction === 'min' ? 'least' : 'most', 'last', 'at step', 'state', 'created'], rows, [1, 2, 3]),
  ].join('\n');
}
