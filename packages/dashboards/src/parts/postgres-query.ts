import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { postgres } from './sources.js';

/** How Grafana's Postgres data source is asked; the foundation SDK has no type for it. */
export interface PostgresDataquery extends Dataquery {
  readonly refId: string;
  readonly datasource: typeof postgres;
  readonly editorMode: 'code';
  /** `time_series` needs a column `time`; a text column names the series, as `metric`. */
  readonly format: 'table' | 'time_series';
  readonly rawQuery: true;
  readonly rawSql: string;
}

export class PostgresQuery implements Builder<Dataquery> {
  readonly #query: Omit<PostgresDataquery, '_implementsDataqueryVariant'>;

  constructor(rawSql: string, refId = 'A', format: PostgresDataquery['format'] = 'table') {
    this.#query = { refId, datasource: postgres, editorMode: 'code', format, rawQuery: true, rawSql };
  }

  build(): PostgresDataquery {
    // As in the SDK: the mark of a query is a method, which JSON leaves out.
    return { ...this.#query, _implementsDataqueryVariant: () => undefined };
  }
}
