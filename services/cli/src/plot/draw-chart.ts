import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import type { Chart } from './chart-option.js';

/** @throws TributaryError `SPEC_INVALID` where the file's name says no format */
export function requireFormat(out: string, like: string): void {
  const format = extname(out).toLowerCase();
  if (format !== '.svg' && format !== '.png')
    throw new TributaryError(
      'SPEC_INVALID',
      `${out} is neither .svg nor .png; name the plot like ${like}.svg or ${like}.png.`,
    );
}

/** Writes a chart into a file, .svg or .png. @throws TributaryError `DATA_INVALID` where it cannot be written */
export async function drawChart(chart: Chart, out: string): Promise<void> {
  // Few commands draw, and loading what does takes a while.
  const { pngOf, svgOf } = await import('./render-chart.js');
  try {
    await writeFile(out, extname(out).toLowerCase() === '.svg' ? svgOf(chart) : await pngOf(chart));
  } catch (cause) {
    if (cause instanceof TributaryError) throw cause;
    throw new TributaryError(
      'DATA_INVALID',
      `${out} cannot be written (${cause instanceof Error ? cause.message : String(cause)}); name a file in a folder that is there.`,
      { cause },
    );
  }
}
