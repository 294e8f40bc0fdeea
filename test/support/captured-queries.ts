import type { RunDatabase } from '@tributary/run-store';
import type pg from 'pg';

/** A statement as it went to Postgres. */
export interface CapturedQuery {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What the statements of some work were, and how the planner would run each now. */
export class CapturedQueries {
  readonly #queries: CapturedQuery[] = [];

  /** Listens to every connection that the database opens from now on. */
  constructor(private readonly db: RunDatabase) {
    db.pool.on('connect', (client) => this.#listen(client));
  }

  #listen(client: pg.PoolClient): void {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const queries = this.#queries;
    Object.assign(client, {
      query(...args: unknown[]) {
        const [first, values] = args;
        const text = typeof first === 'string' ? first : (first as { text?: unknown } | null)?.text;
        if (typeof text === 'string') queries.push({ text, values: Array.isArray(values) ? values : [] });
        return query(...args);
      },
    });
  }

  /** The statements since the last time. */
  take(): CapturedQuery[] {
    return this.#queries.splice(0);
  }

  /**
   * Tables that a statement reads from end to end, as planned by default.
   * @param large reads of smaller tables are of no interest
   */
  async sequentialScans({ text, values }: CapturedQuery, large: (table: string) => boolean): Promise<string[]> {
    const client = await this.db.pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
        `explain (format json) ${text}`,
        [...values],
      );
      return rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan: plan }) => scansOf(plan))).filter(large);
    } finally {
      // An explained DELETE does nothing, but keeps its locks.
      await client.query('rollback');
      client.release();
      this.take();
    }
  }
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

function scansOf(plan: Plan): string[] {
  const inner = (plan.Plans ?? []).flatMap(scansOf);
  return plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? '', ...inner] : inner;
}
