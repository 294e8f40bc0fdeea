import { type DynamicConfigValue, MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { described, type PanelText } from './panels.js';
import { PostgresQuery } from './postgres-query.js';
import { type Query, rows } from './queries.js';
import { postgres, prometheus } from './sources.js';

/** How one column is shown. */
export interface Column {
  readonly name: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly width?: number;
  /** Colours the cell by its value. */
  readonly thresholds?: { readonly build: () => unknown };
  /** A link from the cell: its title, and `uid?variables`; `${__value.raw}` is the cell. */
  readonly link?: { readonly title: string; readonly uid: string; readonly variables: string };
}

export type TableText = Omit<PanelText, 'unit' | 'thresholds'> & {
  readonly unit?: string;
  readonly columns?: readonly Column[];
};

/** One row for each value of `by`; each query gives one column, called by its legend, or with an empty one only its labels. */
export function table(options: TableText & { readonly by: readonly string[]; readonly queries: readonly Query[] }) {
  const { queries, by } = options;
  const named = queries.map(({ legend }, index) => [`Value #${String.fromCharCode(65 + index)}`, legend] as const);
  const values = queries.length === 1 ? [['Value', queries[0]?.legend ?? ''] as const] : named;
  const hidden = values.filter(([, legend]) => legend === '').map(([field]) => field);
  return columnsOf(base(options), options.columns)
    .datasource(prometheus)
    .targets(rows(queries))
    .transformations([
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: Object.fromEntries(['Time', ...hidden].map((field) => [field, true])),
          indexByName: Object.fromEntries([...by, ...values.map(([field]) => field)].map((name, at) => [name, at])),
          renameByName: Object.fromEntries(values.filter(([, legend]) => legend !== '')),
        },
      },
    ]);
}

/** One row for each value of a label, one column for each of another. */
export function matrix(options: PanelText & { readonly query: Query; readonly row: string; readonly column: string }) {
  const { query, row, column } = options;
  const panel = described(new TablePanel(), options, { width: 12, height: 8 });
  return panel
    .datasource(prometheus)
    .targets(rows([query]))
    .cellOptions({ type: 'color-background', mode: 'basic' } as never)
    .transformations([
      {
        id: 'groupingToMatrix',
        options: { rowField: row, columnField: column, valueField: 'Value', emptyValue: 'null' },
      },
    ]);
}

/** What `sql` returns, a column for each of its columns. */
export function tableOfRows(options: TableText & { readonly sql: string }): TablePanel {
  return columnsOf(base(options), options.columns).datasource(postgres).withTarget(new PostgresQuery(options.sql));
}

function base(options: TableText): TablePanel {
  return described(new TablePanel(), { ...options, unit: options.unit ?? 'none' }, { width: 24, height: 9 }).filterable(
    true,
  );
}

function columnsOf(panel: TablePanel, columns: readonly Column[] = []): TablePanel {
  for (const column of columns) panel.overrideByName(column.name, properties(column));
  return panel;
}

function properties({ unit, decimals, width, thresholds, link }: Column): DynamicConfigValue[] {
  return [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
    ...(thresholds === undefined
      ? []
      : [
          { id: 'thresholds', value: thresholds.build() },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]),
    ...(link === undefined
      ? []
      : [
          {
            id: 'links',
            value: [{ title: link.title, url: `/d/${link.uid}?${link.variables}&\${__url_time_range}` }],
          },
        ]),
  ];
}

/** Texts and colours for values. */
export function texts(of: Readonly<Record<string, readonly [text: string, colour: string]>>): ValueMapping {
  return {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(of).map(([value, [text, color]], index) => [value, { text, color, index }]),
    ),
  };
}
