import { type ControlledTransaction, sql } from 'kysely';
import { numberText } from '../record-staging.js';
import type { Schema, SeriesKind } from '../schema.js';
import { type ExportLine, invalid } from './export-lines.js';
import { requireMatrix } from './imported-rows.js';

/** Writes the numbered values of one run: points, timings, matrices and the ledger. */
export class ImportedValues {
  readonly #series = new Map<string, number>();
  readonly #groups = new Map<string, number>();
  #ledger: number | undefined;

  constructor(
    private readonly trx: ControlledTransaction<Schema>,
    private readonly run: string,
    /** Of the run file. */
    private readonly tasks: number,
  ) {}

  async write(line: ExportLine): Promise<void> {
    switch (line.kind) {
      case 'points': {
        const id = await this.#seriesOf(line, 'point');
        const [steps, values] = equallyLong(line, ['step', 'value']);
        await sql`insert into points (series_id, step, value)
          select ${id}, * from unnest(${steps}::integer[], ${values}::float8[])`.execute(this.trx);
        return;
      }
      case 'timings': {
        const id = await this.#seriesOf(line, 'timing');
        const [steps, generations, values] = equallyLong(line, ['step', 'generation', 'value']);
        await sql`insert into timings (series_id, step, generation, value)
          select ${id}, * from unnest(${steps}::integer[], ${generations}::integer[], ${values}::float8[])`.execute(
          this.trx,
        );
        return;
      }
      case 'ledger': {
        this.#ledger ??= await idOf(sql`insert into ledger_runs (run) values (${this.run}) returning id`, this.trx);
        const names = ['step', 'lane', 'generation', 'epoch', 'position', 'microbatches'] as const;
        const columns = equallyLong(line, names).map((column) => sql`${column}::integer[]`);
        await sql`insert into ledger (run_id, step, lane, generation, epoch, "position", microbatches)
          select ${this.#ledger}, * from unnest(${sql.join(columns)})`.execute(this.trx);
        return;
      }
      case 'matrix': {
        requireMatrix(line, this.tasks);
        const name = textOf(line, 'group');
        const known = this.#groups.get(name);
        const group =
          known ??
          (await idOf(sql`insert into matrix_groups (run, name) values (${this.run}, ${name}) returning id`, this.trx));
        this.#groups.set(name, group);
        await sql`insert into gram_matrices (group_id, step, tasks, gram, coefficients)
          select ${group}, step, tasks, gram, coefficients
          from json_populate_record(null::gram_matrices, ${line.text}::json -> 'row')`.execute(this.trx);
        return;
      }
      default:
        throw invalid(line.number, `its kind ${JSON.stringify(line.kind)} is unknown; it comes from a newer Tributary`);
    }
  }

  /** Gives each series its summary, of what is there and not of what the export says. */
  async summarize(): Promise<void> {
    for (const [kind, table, newest] of [
      ['point', 'points', 'step desc'],
      ['timing', 'timings', 'step desc, generation desc'],
    ] as const)
      await sql`
        update series set count = summary.count, first_step = summary.first_step, last_step = summary.last_step,
          last = summary.last, min = summary.min, max = summary.max
        from series target cross join lateral (
          select count(*) as count, min(step) as first_step, max(step) as last_step,
            min(value) filter (where value <> 'NaN') as min, max(value) filter (where value <> 'NaN') as max,
            (select value from ${sql.table(table)} where series_id = target.id order by ${sql.raw(newest)} limit 1) as last
          from ${sql.table(table)} where series_id = target.id
        ) summary
        where target.run = ${this.run} and target.kind = ${kind} and series.id = target.id`.execute(this.trx);
  }

  async #seriesOf(line: ExportLine, kind: SeriesKind): Promise<number> {
    const subject = textOf(line, 'subject');
    const series = textOf(line, 'series');
    const name = JSON.stringify([kind, subject, series]);
    const known = this.#series.get(name);
    if (known !== undefined) return known;
    const id = await idOf(
      sql`insert into series (run, subject, series, kind) values (${this.run}, ${subject}, ${series}, ${kind}) returning id`,
      this.trx,
    );
    this.#series.set(name, id);
    return id;
  }
}

async function idOf(query: ReturnType<typeof sql>, trx: ControlledTransaction<Schema>): Promise<number> {
  const { rows } = await query.execute(trx);
  return (rows[0] as { readonly id: number }).id;
}

function textOf({ content, number, kind }: ExportLine, field: string): string {
  const value = content[field];
  if (typeof value !== 'string') throw invalid(number, `${kind} has no ${field}; export the runs again`);
  return value;
}

/** Lists of numbers as array literals of Postgres, which keep NaN, infinities and -0. */
function equallyLong({ content, number, kind }: ExportLine, fields: readonly string[]): string[] {
  const lists = fields.map((field) => content[field]);
  const length = Array.isArray(lists[0]) ? lists[0].length : -1;
  return lists.map((list, place) => {
    if (!Array.isArray(list) || list.length !== length)
      throw invalid(number, `${kind} has no list ${fields[place]} as long as its others; export the runs again`);
    const texts = list.map((value: unknown) => {
      if (typeof value === 'number') return numberText(value);
      if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return value;
      throw invalid(number, `${JSON.stringify(value)} is no number`);
    });
    return `{${texts.join()}}`;
  });
}
