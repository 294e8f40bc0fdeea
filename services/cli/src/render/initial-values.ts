import { type InitReport, initSummary } from '@tributary/protocol';
import color from 'picocolors';
import { printable } from './quantities.js';
import { table } from './tables.js';

/** Which parameters began with values from elsewhere, each with its tensor, and what did not fit; '' without `init`. */
export function initialValues(report: InitReport | null): string {
  if (report === null) return '';
  const { matched, missing, unused, otherShape } = report;
  const shape = (sizes: readonly number[]): string => `[${sizes.join(', ')}]`;
  const rows = [
    ...matched.map(({ parameter, tensor }) => [parameter, tensor === parameter ? 'its value there' : `from ${tensor}`]),
    ...otherShape.map(({ parameter, wanted, tensor, found }) => [
      parameter,
      `random: ${tensor} is ${shape(found)}, not ${shape(wanted)}`,
    ]),
    ...missing.map((parameter) => [parameter, 'random: not there']),
    ...unused.map((tensor) => [tensor, 'unused']),
  ];
  return `${color.bold('Initial values')}\n${printable(initSummary(report))}\n${table(['name', 'value'], rows)}`;
}
