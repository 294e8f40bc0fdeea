import { CamelCasePlugin, Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { Schema } from './schema.js';

/** What every query takes first: the database or an open transaction. */
export type Db = Kysely<Schema>;
/** What a query takes that is only right inside a transaction. */
export type Trx = Transaction<Schema>;

/** A database with its pool: COPY needs a connection of its own. */
export interface RunDatabase extends Db {
  readonly pool: pg.Pool;
}

class PooledDatabase extends Kysely<Schema> implements RunDatabase {
  readonly pool: pg.Pool;
  constructor(pool: pg.Pool) {
    super({
      dialect: new PostgresDialect({ pool }),
      plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
    });
    this.pool = pool;
  }
}

const int8Oid = 20;

/** int8 as a number: ids and sizes here stay below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8Oid && format !== 'binary'
      ? Number
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

export interface DatabaseOptions {
  /** Default 10. */
  readonly maxConnections?: number;
  /** Shown in `pg_stat_activity`; default `tributary`. */
  readonly applicationName?: string;
  /** How long Postgres works on one statement before it gives it up (SQLSTATE 57014); default: as long as it takes. */
  readonly statementTimeoutMs?: number;
  /** Told of a connection lost while idle; it is replaced at the next query. */
  readonly onIdleError?: (error: Error) => void;
}

/** Opens a pool; connects at the first query. End it with `db.destroy()`. */
export function openDatabase(url: string, options: DatabaseOptions = {}): RunDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    application_name: options.applicationName ?? 'tributary',
    connectionTimeoutMillis: 10_000,
    ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
    types,
  });
  // Without these listeners a Postgres restart would end the process: the pool reports connections lost while idle, a client
  // one lost between two queries of a transaction (its next query fails then).
  pool.on('error', options.onIdleError ?? (() => {}));
  pool.on('connect', (client) => client.on('error', () => {}));
  return new PooledDatabase(pool);
}

/** Whether a statement ran out of time ({@link DatabaseOptions.statementTimeoutMs}), or was cancelled by hand. */
export function isStatementTimeout(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === '57014';
}

/** SQLSTATE classes after which the same statement may succeed on another connection or later. */
const transientClasses = ['08', '40', '53', '55', '57', '58'];
const transientNetworkCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT', 'EHOSTUNREACH'];

/** Whether a failed query may succeed when it is tried again: Postgres away, restarting or full, a deadlock. */
export function isTransientDatabaseError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    if (transientNetworkCodes.includes(code)) return true;
    if (/^[0-9A-Z]{5}$/.test(code)) return transientClasses.includes(code.slice(0, 2));
  }
  if (error instanceof AggregateError) return error.errors.some(isTransientDatabaseError);
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/.test(
    error.message,
  );
}
