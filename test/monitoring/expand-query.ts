/** The chosen values of a variable. */
export interface Choice {
  readonly values: readonly string[];
  /** Whether several may be chosen: Grafana then writes them otherwise. */
  readonly several: boolean;
}

/** What a query is expanded for. */
export interface View {
  readonly fromMs: number;
  readonly toMs: number;
  readonly choices: ReadonlyMap<string, Choice>;
}

/** Grafana's data source has this as its "scrape interval". */
export const scrapeSeconds = 5;
/** About as many as a panel of half a screen. */
const maxDataPoints = 800;

/** `$__interval`: the time shown over the points that fit, not less than the data source's or the panel's least. */
export function intervalSeconds({ fromMs, toMs }: View, leastSeconds: number): number {
  return Math.max(leastSeconds, Math.ceil((toMs - fromMs) / 1_000 / maxDataPoints));
}

/** A PromQL expression as Grafana sends it to Prometheus. */
export function expandPromql(expression: string, view: View): string {
  const interval = intervalSeconds(view, scrapeSeconds);
  const rate = Math.max(interval + scrapeSeconds, 4 * scrapeSeconds);
  const text = expression
    .replaceAll('$__rate_interval', `${rate}s`)
    .replaceAll('$__interval', `${interval}s`)
    .replaceAll('$__range', `${Math.round((view.toMs - view.fromMs) / 1_000)}s`);
  return complete(
    insertChoices(text, view, ({ values, several }) => {
      if (!several) return (values[0] ?? '').replace(/[\\"]/g, '\\$&');
      const patterns = values.map((value) => value.replace(/[\\^$.*+?()[\]{}|"]/g, '\\\\$&'));
      return patterns.length === 1 ? (patterns[0] as string) : `(${patterns.join('|')})`;
    }),
    expression,
  );
}

/** SQL as Grafana's Postgres data source sends it. */
export function expandSql(sql: string, view: View, leastSeconds = 1): string {
  const iso = (ms: number): string => `'${new Date(ms).toISOString()}'`;
  const interval = intervalSeconds(view, leastSeconds);
  const text = sql
    .replace(/\$__timeFilter\(([^()]+)\)/g, `$1 BETWEEN ${iso(view.fromMs)} AND ${iso(view.toMs)}`)
    .replace(/\$__timeGroup\(([^(),]+),\s*\$__interval\)/g, `floor(extract(epoch from $1)/${interval})*${interval}`);
  return complete(
    insertChoices(text, view, ({ values }, format) => {
      if (format !== 'sqlstring') throw new Error(`a variable without :sqlstring is not safe in SQL: ${sql}`);
      return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(',');
    }),
    sql,
  );
}

function insertChoices(text: string, { choices }: View, write: (choice: Choice, format: string) => string): string {
  return text.replace(/\$\{(\w+)(?::(\w+))?\}|\$(?!__)(\w+)/g, (whole, braced?: string, format = '', bare?: string) => {
    const choice = choices.get(braced ?? bare ?? '');
    if (choice === undefined) throw new Error(`there is no variable ${whole} for ${text}`);
    return write(choice, format);
  });
}

function complete(text: string, original: string): string {
  if (/\$__|\$\{/.test(text)) throw new Error(`not all of this was expanded: ${original}`);
  return text;
}
