import type { ComparedMetricDocument } from '@tributary/protocol';
import { formatFigure } from '../plots/number-format.js';

/** The last value of a metric in words; null where the run has not recorded it. JSON has null for what is not finite. */
export function lastValue(value: ComparedMetricDocument['values'][number]): string | null {
  if (value === null) return null;
  return value.last === null ? 'not finite' : formatFigure(value.last);
}
