import { runFileSchema } from '@tributary/config';
import { isResting, isToken, type RunState, runStates, TributaryError } from '@tributary/protocol';
import { type ControlledTransaction, sql } from 'kysely';
import type { Db } from '../database.js';
import { isTransientDatabaseError } from '../database.js';
import { writeParams } from '../run-labels.js';
import type { Schema } from '../schema.js';
import { type ExportLine, invalid, readExport } from './export-lines.js';
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

type Row = Readonly<Record<string, unknown>>;

function rowOf({ content, number, kind }: ExportLine): Row {
  const { row } = content;
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw invalid(number, `${kind} has no row; export the runs again`);
  return row as Row;
}

const sectionsByKind = new Map(rowSections.map((section) => [section.kind, section]));

/** The run that is being imported, in its transaction. */
class OpenRun {
  readonly #values: ImportedValues;
  private constructor(
    private readonly trx: ControlledTransaction<Schema>,
    private readonly run: string,
  ) {
    this.#values = new ImportedValues(trx, run);
  }

  /** @returns null where its id is taken and it is to be passed over */
  static async begin(db: Db, line: ExportLine, taken: 'refuse' | 'skip'): Promise<OpenRun | null> {
    const row = checkedRun(line);
    const run = String(row.run);
    const trx = await db.startTransaction().execute();
    try {
      const inserted = await atLine(line, () =>
        sql`
          insert into runs (${sql.raw(quoted(runColumns))})
          select ${sql.raw(quoted(runColumns))} from json_populate_record(null::runs, ${JSON.stringify(row)}::json)
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
      await writeParams(trx, run, row.spec as object);
      await sql`select reserve_series()`.execute(trx);
      return new OpenRun(trx, run);
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
      if (section === undefined) return await this.#values.write(line);
      rowOf(line);
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
      await this.#values.summarize();
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

function checkedRun(line: ExportLine): Row {
  const row = rowOf(line);
  const { run, state, spec } = row;
  if (typeof run !== 'string' || !isToken(run)) throw invalid(line.number, `${JSON.stringify(run)} is no id of a run`);
  if (!runStates.includes(state as RunState))
    throw invalid(line.number, `${JSON.stringify(state)} is no state of a run`);
  const { error } = runFileSchema.safeParse(spec);
  if (error)
    throw invalid(
      line.number,
      `the run file of ${run} is not valid (${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message})`,
    );
  if (isResting(state as RunState)) return row;
  const reason = `it was ${String(state)} when it was exported`;
  return { ...row, state: 'cancelled', reason, ended_at: row.ended_at ?? new Date().toISOString() };
}

/** Gives what the database says against a line the line's number. */
async function atLine<T>(line: ExportLine, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    // Classes 22 and 23: values that a column cannot hold, and rows that stand twice.
    if (typeof code === 'string' && /^2[23][0-9A-Z]{3}$/.test(code) && !isTransientDatabaseError(error))
      throw invalid(line.number, error instanceof Error ? error.message : String(error), error);
    throw error;
  }
}
