import pg from 'pg';
import { intervalSeconds, scrapeSeconds, type View } from './expand-query.js';

/** One series of an answer, or one row: labels, and its numbers. */
export interface Answered {
  readonly labels: Readonly<Record<string, string>>;
  readonly numbers: readonly number[];
}

export class PrometheusSource {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async instant(expression: string, { toMs }: View): Promise<Answered[]> {
    const { result } = await this.#ask<{
      result: readonly { metric: Record<string, string>; value: readonly [number, string] }[];
    }>('query', { query: expression, time: String(toMs / 1_000) });
    return result.map(({ metric, value }) => ({ labels: metric, numbers: [Number(value[1])] }));
  }

  async range(expression: string, view: View): Promise<Answered[]> {
    const step = intervalSeconds(view, scrapeSeconds);
    const aligned = (ms: number): string => String(Math.floor(ms / 1_000 / step) * step);
    const { result } = await this.#ask<{
      result: readonly { metric: Record<string, string>; values: readonly (readonly [number, string])[] }[];
    }>('query_range', { query: expression, start: aligned(view.fromMs), end: aligned(view.toMs), step: String(step) });
    return result.map(({ metric, values }) => ({ labels: metric, numbers: values.map(([, value]) => Number(value)) }));
  }

  /** As Grafana fills a variable by `label_values(series, label)`. */
  labelValues(series: string, label: string, { fromMs, toMs }: View): Promise<string[]> {
    const start = String(fromMs / 1_000);
    return this.#ask<string[]>(`label/${label}/values`, { 'match[]': series, start, end: String(toMs / 1_000) });
  }

  /** Alerting and recording rules as Prometheus loaded them. */
  async rules(): Promise<{ readonly name: string; readonly health: string; readonly lastError?: string }[]> {
    const { groups } = await this.#ask<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>(
      'rules',
      {},
    );
    return groups.flatMap(({ rules }) => rules);
  }

  /** @throws with Prometheus' words where it refuses the question */
  async #ask<T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error}`);
    return answer.data;
  }
}

const numericTypes: ReadonlySet<number> = new Set([
  pg.types.builtins.INT2,
  pg.types.builtins.INT4,
  pg.types.builtins.INT8,
  pg.types.builtins.FLOAT4,
  pg.types.builtins.FLOAT8,
  pg.types.builtins.NUMERIC,
]);

/** What SQL returned: columns in order, numbers where the column holds numbers. */
export interface Rows {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

export class PostgresSource {
  readonly #pool: pg.Pool;

  constructor(url: string) {
    // As Grafana's user should be.
    this.#pool = new pg.Pool({ connectionString: url, max: 2, options: '-c default_transaction_read_only=on' });
  }

  /** @throws with Postgres' words where it refuses the statement */
  async rows(sql: string): Promise<Rows> {
    const { fields, rows } = await this.#pool.query<Record<string, unknown>>(sql);
    const columns = fields.map(({ name, dataTypeID }) => ({ name, numeric: numericTypes.has(dataTypeID) }));
    const read = (row: Record<string, unknown>): Record<string, unknown> =>
      Object.fromEntries(
        columns.map(({ name, numeric }) => [name, numeric && row[name] !== null ? Number(row[name]) : row[name]]),
      );
    return { columns, rows: rows.map(read) };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
