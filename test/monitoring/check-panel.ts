import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { type Target, targetsOf } from './dashboard-files.js';
import type { Answered, PostgresSource, PrometheusSource } from './data-sources.js';
import { expandPromql, expandSql, type View } from './expand-query.js';

export interface Sources {
  readonly prometheus: PrometheusSource;
  readonly postgres: PostgresSource;
}

/** `empty` stands apart: a few panels are rightly so. */
export type Problem = { readonly kind: 'empty' | 'wrong'; readonly text: string };

const empty: Problem = { kind: 'empty', text: 'returns nothing' };
const wrong = (text: string): Problem => ({ kind: 'wrong', text });

/** What a user would miss in the panel's picture of one query; null: nothing. */
export async function checkTarget(
  panel: Panel,
  target: Target,
  view: View,
  { prometheus, postgres }: Sources,
): Promise<Problem | null> {
  try {
    if (target.rawSql !== undefined)
      return checkRows(
        panel,
        target,
        await postgres.rows(expandSql(target.rawSql, view, panel.interval === '1m' ? 60 : 1)),
      );
    const expression = expandPromql(target.expr ?? '', view);
    if (target.instant === true) return checkInstant(panel, target, await prometheus.instant(expression, view));
    return checkRange(target, await prometheus.range(expression, view));
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function checkRange(target: Target, series: readonly Answered[]): Problem | null {
  if (series.length === 0) return empty;
  // A quantile or a mean of moments in which nothing happened is not a number: a gap in the line. One that is all gaps is not seen.
  const unseen = series.find(({ numbers }) => !numbers.some(Number.isFinite));
  if (unseen) return { kind: 'empty', text: `has no finite value for ${JSON.stringify(unseen.labels)}` };
  if (series.some(({ numbers }) => numbers.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY)))
    return wrong('is infinite at times');
  return checkLabels(series, labelsOf(target.legendFormat));
}

function checkInstant(panel: Panel, target: Target, series: readonly Answered[]): Problem | null {
  if (series.length === 0) return empty;
  const odd = series.find(({ numbers: [value] }) => !Number.isFinite(value));
  if (odd) return wrong(`is ${odd.numbers[0]} for ${JSON.stringify(odd.labels)}`);
  const first = targetsOf(panel)[0];
  return checkLabels(series, [
    ...labelsOf(target.legendFormat),
    ...(panel.type === 'table' ? columnLabels(panel, target === first || target.refId === first?.refId) : []),
  ]);
}

const labelsOf = (legend = ''): string[] => [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label as string);

/** Labels that a table makes columns of: all by its first query, by the others the one that they are joined by. */
function columnLabels(panel: Panel, isFirst: boolean): string[] {
  const wanted = (panel.transformations ?? []).flatMap(({ id, options }) => {
    if (id === 'groupingToMatrix') return [options.rowField, options.columnField] as string[];
    if (id !== 'organize') return [];
    return Object.keys(options.indexByName as object).filter((name) => !/^Value( #|$)/.test(name));
  });
  return isFirst ? wanted : wanted.slice(0, 1);
}

function checkLabels(series: readonly Answered[], labels: readonly string[]): Problem | null {
  for (const label of labels)
    for (const one of series)
      if (!one.labels[label]) return wrong(`lacks the label ${label} in ${JSON.stringify(one.labels)}`);
  const drawn = series.map(({ labels: of }) => JSON.stringify(labels.map((label) => of[label])));
  if (labels.length > 0 && new Set(drawn).size < drawn.length) return wrong('gives two series the same name');
  return labels.length === 0 && series.length > 1 ? wrong('gives several series one name') : null;
}

/** Columns that a panel of each type cannot do without, beside one of numbers. */
const neededColumns: Readonly<Record<string, readonly string[]>> = { timeseries: ['time', 'metric'], trend: ['step'] };

function checkRows(
  panel: Panel,
  target: Target,
  { columns, rows }: Awaited<ReturnType<PostgresSource['rows']>>,
): Problem | null {
  if (rows.length === 0) return empty;
  const names = columns.map(({ name }) => name);
  const overridden = (panel.fieldConfig?.overrides ?? [])
    .filter(({ matcher }) => matcher.id === 'byName')
    .map(({ matcher }) => matcher.options as string);
  for (const name of [...(neededColumns[panel.type] ?? []), ...overridden])
    if (!names.includes(name)) return wrong(`has no column ${name}, but ${names.join(', ')}`);
  if (target.format === 'time_series' && rows.some(({ time }) => !Number.isFinite(time)))
    return wrong('has a row without a time');
  const values = columns.filter(({ name, numeric }) => numeric && name !== 'time' && name !== 'step');
  if (panel.type !== 'table' && values.length === 0) return wrong('has no column of numbers');
  for (const { name } of values)
    if (rows.some((row) => row[name] !== null && !Number.isFinite(row[name]))) return wrong(`is not finite in ${name}`);
  if (panel.type !== 'table' && !values.some(({ name }) => rows.some((row) => row[name] !== null))) return empty;
  return null;
}
