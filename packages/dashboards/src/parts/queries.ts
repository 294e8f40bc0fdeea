import { DataqueryBuilder, PromQueryFormat, QueryEditorMode } from '@grafana/grafana-foundation-sdk/prometheus';
import { prometheus } from './sources.js';

/** One PromQL expression, and how its series are called: `{{label}}` stands for a label's value. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** A, B, C, … */
const refId = (index: number): string => String.fromCharCode(65 + index);

function query({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(refId(index))
    .datasource(prometheus)
    .editorMode(QueryEditorMode.Code)
    .expr(expr)
    .legendFormat(legend);
}

/** Over the time shown. */
export const over = (queries: readonly Query[]): DataqueryBuilder[] =>
  queries.map((one, index) => query(one, index).range());

/** At its end. */
export const atEnd = (queries: readonly Query[]): DataqueryBuilder[] =>
  queries.map((one, index) => query(one, index).instant());

/** At its end, a row for each series. */
export const rows = (queries: readonly Query[]): DataqueryBuilder[] =>
  queries.map((one, index) => query(one, index).instant().format(PromQueryFormat.Table));
