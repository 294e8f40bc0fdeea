/** One line of a plot: values by step, rising. */
export interface PlotSeries {
  readonly label: string;
  readonly steps: readonly number[];
  /** Null: nothing finite was recorded there. */
  readonly values: readonly (number | null)[];
}

/** Columns as uPlot wants them: all steps that any series has, then each series' values there; `undefined` is no point, null a gap. */
export function joined(series: readonly PlotSeries[]): [number[], ...(number | null | undefined)[][]] {
  const steps = [...new Set(series.flatMap((each) => each.steps))].sort((a, b) => a - b);
  const place = new Map(steps.map((step, index) => [step, index]));
  const columns = series.map((each) => {
    const column = new Array<number | null | undefined>(steps.length).fill(undefined);
    each.steps.forEach((step, index) => {
      column[place.get(step) ?? 0] = each.values[index];
    });
    return column;
  });
  return [steps, ...columns];
}

/**
 * Recorded points, and after them the live ones: those that were seen here and are not recorded yet.
 * @param live rising steps
 */
export function withLive(recorded: PlotSeries, live: PlotSeries | undefined): PlotSeries {
  if (live === undefined) return recorded;
  const last = recorded.steps.at(-1) ?? Number.NEGATIVE_INFINITY;
  const first = live.steps.findIndex((step) => step > last);
  if (first < 0) return recorded;
  return {
    label: recorded.label,
    steps: [...recorded.steps, ...live.steps.slice(first)],
    values: [...recorded.values, ...live.values.slice(first)],
  };
}

/** The last value that is finite, and its step. */
export function newest({ steps, values }: PlotSeries): { readonly step: number; readonly value: number } | null {
  for (let index = values.length - 1; index >= 0; index--) {
    const value = values[index];
    if (value != null && Number.isFinite(value)) return { step: steps[index] as number, value };
  }
  return null;
}

/** At most `count` of the steps, equally far apart, the first and the last among them. */
export function spread(steps: readonly number[], count: number): number[] {
  if (steps.length <= count) return [...steps];
  return Array.from(
    { length: count },
    (_, index) => steps[Math.round((index * (steps.length - 1)) / (count - 1))] ?? 0,
  );
}

/** What a plot shows, in words. */
export function described(
  title: string,
  series: readonly PlotSeries[],
  format: (value: number) => string,
  shown = 8,
): string {
  const parts = series.slice(0, shown).flatMap((each) => {
    const end = newest(each);
    const start = each.values.find((value): value is number => value != null && Number.isFinite(value));
    if (end === null || start === undefined) return [];
    const from = each.steps[0] as number;
    return [`${each.label} from ${format(start)} at step ${from} to ${format(end.value)} at step ${end.step}`];
  });
  if (parts.length === 0) return `${title}: nothing recorded yet`;
  const more = series.length > shown ? `; and ${series.length - shown} more` : '';
  return `${title}: ${parts.join('; ')}${more}`;
}
