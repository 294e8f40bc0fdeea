import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
  type ThresholdsConfig,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { PanelBuilder as TrendPanel } from '@grafana/grafana-foundation-sdk/trend';
import { PostgresQuery } from './postgres-query.js';
import { atEnd, over, type Query } from './queries.js';
import { postgres, prometheus } from './sources.js';
import { plain } from './thresholds.js';

/** What every panel says of itself. */
export interface PanelText {
  readonly title: string;
  /** What it shows and what to make of it. */
  readonly description: string;
  /** Grafana's name of a unit, see the SDK's `units`. */
  readonly unit: string;
  /** Columns of 24. */
  readonly width?: number;
  readonly height?: number;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds?: Builder<ThresholdsConfig>;
  readonly mappings?: readonly ValueMapping[];
}

export interface GraphOptions extends PanelText {
  readonly queries: readonly Query[];
  readonly stacked?: boolean;
  /** A logarithmic scale. */
  readonly logarithmic?: boolean;
}

/** Lines over time. */
export function graph(options: GraphOptions): TimeSeriesPanel {
  return lines(options, prometheus, over(options.queries));
}

/** Bars over time from Postgres: `sql` has a column `time`, one of text that names the line, and one of numbers. */
export function graphOfRows(options: Omit<GraphOptions, 'queries'> & { readonly sql: string }): TimeSeriesPanel {
  const panel = lines(options, postgres, [new PostgresQuery(options.sql, 'A', 'time_series')]);
  // Events are few: in stretches of a second each would be a line of its own.
  return panel.drawStyle(GraphDrawStyle.Bars).interval('1m');
}

function lines(
  options: Omit<GraphOptions, 'queries'>,
  source: typeof prometheus | typeof postgres,
  targets: readonly Builder<Dataquery>[],
): TimeSeriesPanel {
  const panel = described(new TimeSeriesPanel(), options, { width: 12, height: 8 })
    .datasource(source)
    .targets([...targets])
    .legend(legendTable())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .lineWidth(1)
    .fillOpacity(options.stacked === true ? 40 : 8)
    // A series that ends is not drawn on; one scrape that failed is bridged.
    .spanNulls(30_000)
    .showPoints(VisibilityMode.Auto);
  if (options.stacked === true) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (options.logarithmic === true)
    panel.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
  return panel;
}

/** Lines over steps, from Postgres: `sql` has a column `step` and one of numbers for each line. */
export function curves(options: PanelText & { readonly sql: string }): TrendPanel {
  return described(new TrendPanel(), options, { width: 12, height: 9 })
    .datasource(postgres)
    .withTarget(new PostgresQuery(options.sql))
    .xField('step')
    .legend(legendTable())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .lineWidth(1)
    .showPoints(VisibilityMode.Auto);
}

export interface FigureOptions extends PanelText {
  readonly queries: readonly Query[];
  /** `name`: the text is the series' name, for states. */
  readonly text?: 'value' | 'name' | 'both';
  /** A line of its history behind the number. */
  readonly history?: boolean;
  readonly links?: readonly Builder<DashboardLink>[];
}

const textModes = { value: BigValueTextMode.Value, name: BigValueTextMode.Name, both: BigValueTextMode.ValueAndName };

/** A number, or one for each series, as they stand at the end of the time shown. */
export function figure(options: FigureOptions): StatPanel {
  const { queries, text = 'value', history = false, links = [] } = options;
  return stat(options, text, history)
    .datasource(prometheus)
    .targets(history ? over(queries) : atEnd(queries))
    .dataLinks([...links]);
}

/** A number from Postgres: `sql` gives one row. */
export function figureOfRows(options: PanelText & { readonly sql: string }): StatPanel {
  return stat(options, 'value', false).datasource(postgres).withTarget(new PostgresQuery(options.sql));
}

function stat(options: PanelText, text: keyof typeof textModes, history: boolean): StatPanel {
  return described(new StatPanel(), { thresholds: plain(), ...options }, { width: 3, height: 4 })
    .graphMode(history ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .textMode(textModes[text])
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false));
}

/** A link from a value to another dashboard, the time shown kept. `path` may name `${__field.labels.…}` and variables. */
export function linkTo(title: string, uid: string, variables: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .url(`/d/${uid}?${variables}&\${__url_time_range}`);
}

interface Describable {
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  span(width: number): this;
  height(height: number): this;
  decimals(decimals: number): this;
  min(min: number): this;
  max(max: number): this;
  thresholds(thresholds: Builder<ThresholdsConfig>): this;
  mappings(mappings: ValueMapping[]): this;
}

/** Puts what is said of a panel into its builder. */
export function described<P extends Describable>(
  panel: P,
  text: PanelText,
  usual: { readonly width: number; readonly height: number },
): P {
  panel.title(text.title).description(text.description).unit(text.unit);
  panel.span(text.width ?? usual.width).height(text.height ?? usual.height);
  if (text.decimals !== undefined) panel.decimals(text.decimals);
  if (text.min !== undefined) panel.min(text.min);
  if (text.max !== undefined) panel.max(text.max);
  if (text.thresholds !== undefined) panel.thresholds(text.thresholds);
  if (text.mappings !== undefined) panel.mappings([...text.mappings]);
  return panel;
}

function legendTable(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs(['lastNotNull', 'max']);
}
