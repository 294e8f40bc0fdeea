import { TributaryError } from '@tributary/protocol';
import { type ControlledTransaction, sql } from 'kysely';
import type { Db } from '../database.js';
import { isTransientDatabaseError } from '../database.js';
import { writeParams } from '../run-labels.js';
import type { Schema } from '../schema.js';
import { type ExportLine, invalid, readExport } from './export-lines.js';
import { checkedRow, checkedRun, rowOf } from './imported-rows.js';
import { ImportedValues } from './imported-values.js';
import { quoted, rowSections, runColumns } from './run-sections.js';

export interface ImportOptions {
  /** What to do with a run whose id is taken: refuse the import there, or pass over it. Default `refuse`. */
  readonly taken?: 'refuse' | 'skip';
}

export interface ImportResult {
  /** In the order of the export. */
  readonly imported: readonly string[];
  /** Those that were there already. */
  readonly skipped: readonly string[];
}

/**
 * Reads runs from an export as JSON lines, each in a transaction of its own: where one fails, those before it stay. Ids are kept. A run that was
 * not at rest when it was exported is `cancelled` here; checkpoints are no part of an export.
 * @throws TributaryError `DATA_INVALID` naming the line, `RUN_STATE_CONFLICT` where an id is taken
 */
export async function importRuns(
  db: Db,
  bytes: AsyncIterable<Uint8Array>,
  { taken = 'refuse' }: ImportOptions = {},
): Promise<ImportResult> {
  const imported: string[] = [];
  const skipped: string[] = [];
  let open: OpenRun | null = null;
  let passing = false;
  try {
    for await (const line of readExport(bytes)) {
      if (line.kind === 'run') {
        const before: OpenRun | null = open;
        open = null;
        if (before !== null) imported.push(await before.commit());
        open = await OpenRun.begin(db, line, taken);
        passing = open === null;
        if (passing) skipped.push(String(rowOf(line).run));
      } else if (open !== null) await open.write(line);
      else if (!passing) throw invalid(line.number, 'no run stands before it; export the runs again');
    }
    const last: OpenRun | null = open;
    open = null;
    if (last !== null) imported.push(await last.commit());
    return { imported, skipped };
  } catch (error) {
    await open?.rollback();
    throw error;
  }
}

const sectionsByKind = new Map(rowSections.map((section) => [section.kind, section]));

/** The run that is being imported, in its transaction. */
class OpenRun {
  private constructor(
    private readonly trx: ControlledTransaction<Schema>,
    private readonly run: string,
    private readonly values: ImportedValues,
    /** What is said of a run that was not at rest when it was exported. */
    private readonly reason: string | null,
  ) {}

  /** @returns null where its id is taken and it is to be passed over */
  static async begin(db: Db, line: ExportLine, taken: 'refuse' | 'skip'): Promise<OpenRun | null> {
    const { row, spec, resting } = checkedRun(line);
    const run = String(row.run);
    const reason = resting ? null : `it was ${String(row.state)} when it was exported`;
    const imported = reason === null ? row : { ...row, state: 'cancelled', reason, ended_at: null };
    const trx = await db.startTransaction().execute();
    try {
      const inserted = await atLine(line, () =>
        sql`
          insert into runs (${sql.raw(quoted(runColumns))})
          select ${sql.raw(quoted(runColumns))} from json_populate_record(null::runs, ${JSON.stringify(imported)}::json)
          on conflict do nothing returning run`.execute(trx),
      );
      if (inserted.rows.length === 0) {
        if (taken === 'refuse')
          throw new TributaryError(
            'RUN_STATE_CONFLICT',
            `Run ${run} (line ${line.number}) is here already; delete it first (npx tributary runs delete ${run}), or pass over such runs with --skip-taken.`,
          );
        await trx.rollback().execute();
        return null;
      }
      await writeParams(trx, run, spec);
      await sql`select reserve_series()`.execute(trx);
      return new OpenRun(trx, run, new ImportedValues(trx, run, spec.tasks.length), reason);
    } catch (error) {
      if (!trx.isRolledBack)
        await trx
          .rollback()
          .execute()
          .catch(() => undefined);
      throw error;
    }
  }

  async write(line: ExportLine): Promise<void> {
    await atLine(line, async () => {
      const section = sectionsByKind.get(line.kind);
      if (section === undefined) return await this.values.write(line);
      checkedRow(line);
      const columns = sql.raw(quoted(section.columns));
      await sql`
        insert into ${sql.table(section.table)} (run, ${columns})
        select ${this.run}, ${columns}
        from json_populate_record(null::${sql.table(section.table)}, ${line.text}::json -> 'row')`.execute(this.trx);
    });
  }

  /** @returns the run's id */
  async commit(): Promise<string> {
    try {
      await this.values.summarize();
      if (this.reason !== null) await endNow(this.trx, this.run, this.reason);
      await this.trx.commit().execute();
      return this.run;
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  async rollback(): Promise<void> {
    if (this.trx.isCommitted || this.trx.isRolledBack) return;
    // The error that led here matters more; a connection that is gone has rolled back.
    await this.trx
      .rollback()
      .execute()
      .catch(() => undefined);
  }
}

/** Ends what was under way, with the last that is known of it: the time since then was nobody's. */
async function endNow(trx: ControlledTransaction<Schema>, run: string, reason: string): Promise<void> {
  await sql`
    update generations set outcome = 'cancelled', outcome_reason = ${reason}, ended_at = opened_at + coalesce((
      select sum(ms::float8) from jsonb_each_text(time -> 'ms') as used (use, ms)
    ), 0) * interval '1 millisecond'
    where run = ${run} and ended_at is null`.execute(trx);
  await sql`
    update attempts set state = 'cancelled', reason = ${reason}, ended_at = greatest(started_at, (
      select max(ended_at) from generations own where own.run = attempts.run and own.attempt = attempts.attempt
    ))
    where run = ${run} and ended_at is null`.execute(trx);
  await sql`
    update runs set ended_at = coalesce((select max(ended_at) from attempts own where own.run = runs.run), now())
    where run = ${run}`.execute(trx);
}

/** Gives what the database says against a line the line's number. */
async function atLine<T>(line: ExportLine, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    // Classes 22 and 23: values that a column cannot hold, and rows that stand twice; 54: JSON that is too deep.
    if (typeof code === 'string' && /^(2[23]|54)[0-9A-Z]{3}$/.test(code) && !isTransientDatabaseError(error))
      throw invalid(line.number, error instanceof Error ? error.message : String(error), error);
    throw error;
  }
}
