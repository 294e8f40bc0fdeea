import type { PointSubject } from '@tributary/protocol';
import type { Selectable } from 'kysely';
import { anyOf } from './any-of.js';
import type { Db } from './database.js';
import type { DivergenceTable, LineageTable, MemberEndTable, SampleTable, SeriesKind, SeriesTable } from './schema.js';

export type SeriesSummary = Omit<Selectable<SeriesTable>, 'id' | 'run' | 'metric'>;
export type StoredSample = Omit<Selectable<SampleTable>, 'run'>;
export type LineageRow = Omit<Selectable<LineageTable>, 'run'>;
export type MemberEndRow = Omit<Selectable<MemberEndTable>, 'run'>;
export type DivergenceRow = Selectable<DivergenceTable>;

/**
 * Every series of a run with its count, first and last step, last value, and least and greatest value (NaN left out; both null
 * where all are NaN).
 */
export async function seriesSummaries(db: Db, run: string): Promise<SeriesSummary[]> {
  return await db
    .selectFrom('series')
    .select(['subject', 'series', 'kind', 'count', 'firstStep', 'lastStep', 'last', 'min', 'max'])
    .where('run', '=', run)
    .orderBy('subject')
    .orderBy('series')
    .orderBy('kind')
    .execute();
}

export interface HistoryOptions {
  /** Default `point`. */
  readonly kind?: SeriesKind;
  /** Only later steps. */
  readonly afterStep?: number;
  readonly limit?: number;
}

/** One series by step. NaN and infinities are values like others. Of a timing, the newest generation's. */
export async function history(
  db: Db,
  run: string,
  subject: PointSubject,
  series: string,
  options: HistoryOptions = {},
): Promise<{ readonly step: number; readonly value: number }[]> {
  const { kind = 'point', afterStep = -1, limit } = options;
  const found = await db
    .selectFrom('series')
    .select('id')
    .where('run', '=', run)
    .where('subject', '=', subject)
    .where('series', '=', series)
    .where('kind', '=', kind)
    .executeTakeFirst();
  if (!found) return [];
  if (kind === 'point') {
    const query = db
      .selectFrom('points')
      .select(['step', 'value'])
      .where('seriesId', '=', found.id)
      .where('step', '>', afterStep)
      .orderBy('step');
    return await (limit === undefined ? query : query.limit(limit)).execute();
  }
  const query = db
    .selectFrom('timings')
    .distinctOn('step')
    .select(['step', 'value'])
    .where('seriesId', '=', found.id)
    .where('step', '>', afterStep)
    .orderBy('step')
    .orderBy('generation', 'desc');
  return await (limit === undefined ? query : query.limit(limit)).execute();
}

/** The generated examples, newest step first, then by task and index. */
export async function samplesOf(db: Db, run: string): Promise<StoredSample[]> {
  return await db
    .selectFrom('samples')
    .select(['step', 'task', 'index', 'source', 'generated', 'references'])
    .where('run', '=', run)
    .orderBy('step', 'desc')
    .orderBy('task')
    .orderBy('index')
    .execute();
}

/** What the run was made of, as each member of each generation reported it. */
export async function lineageOf(db: Db, run: string): Promise<LineageRow[]> {
  return await db
    .selectFrom('lineage')
    .select(['attempt', 'generation', 'member', 'key', 'value'])
    .where('run', '=', run)
    .orderBy('generation')
    .orderBy('member')
    .orderBy('key')
    .execute();
}

/** The members of a generation whose last record is stored: everything that they published before it is too. */
export async function membersEnded(db: Db, run: string, generation: number): Promise<MemberEndRow[]> {
  return await db
    .selectFrom('memberEnds')
    .select(['generation', 'member', 'attempt', 'step', 'outcome'])
    .where('run', '=', run)
    .where('generation', '=', generation)
    .orderBy('member')
    .execute();
}

/**
 * Redone values that differed from the recorded ones, earliest step first: each is a broken promise.
 * @param limit at most so many; default all
 */
export async function divergencesOf(db: Db, run: string, limit?: number): Promise<DivergenceRow[]> {
  const query = db
    .selectFrom('divergences')
    .selectAll()
    .where('run', '=', run)
    .orderBy('step')
    .orderBy('series')
    .orderBy('subject')
    .orderBy('generation');
  return await (limit === undefined ? query : query.limit(limit)).execute();
}

/** How many redone values of a run differed from the recorded ones. */
export async function countDivergences(db: Db, run: string): Promise<number> {
  const { total } = await db
    .selectFrom('divergences')
    .select((eb) => eb.fn.countAll<string>().as('total'))
    .where('run', '=', run)
    .executeTakeFirstOrThrow();
  return Number(total);
}

/** The commit of the code that trained each of some runs last, as its first member told; those that have told none are left out. */
export async function commitsOf(db: Db, runs: readonly string[]): Promise<Map<string, string>> {
  if (runs.length === 0) return new Map();
  const rows = await db
    .selectFrom('lineage')
    .distinctOn('run')
    .select(['run', 'value'])
    .where('run', '=', anyOf(runs))
    .where('key', '=', 'commit')
    .orderBy('run')
    .orderBy('generation', 'desc')
    .orderBy('member')
    .execute();
  return new Map(rows.map(({ run, value }) => [run, value]));
}
