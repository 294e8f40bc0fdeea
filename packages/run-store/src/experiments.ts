import { sql } from 'kysely';
import type { Db } from './database.js';

export interface ExperimentRow {
  readonly experiment: string;
  /** When the first and the newest of its runs were created. */
  readonly firstCreatedAt: Date;
  readonly lastCreatedAt: Date;
}

/** Every experiment that has a run, by name; it goes from name to name through the index, however many runs there are. */
export async function listExperiments(db: Db): Promise<ExperimentRow[]> {
  const { rows } = await sql<ExperimentRow>`
    with recursive names as (
      (select experiment from runs order by experiment limit 1)
      union all
      select (select experiment from runs where runs.experiment > names.experiment order by experiment limit 1)
      from names where names.experiment is not null
    )
    select names.experiment, oldest.created_at as first_created_at, newest.created_at as last_created_at
    from names, lateral (
      select created_at from runs where runs.experiment = names.experiment and deleted_at is null
      order by created_at, run limit 1
    ) oldest, lateral (
      select created_at from runs where runs.experiment = names.experiment and deleted_at is null
      order by created_at desc, run desc limit 1
    ) newest
    order by names.experiment`.execute(db);
  return rows;
}

/** One experiment; null where no run is of it. */
export async function findExperiment(db: Db, experiment: string): Promise<ExperimentRow | null> {
  const row = await db
    .selectFrom('runs')
    .select((eb) => [eb.fn.min('createdAt').as('firstCreatedAt'), eb.fn.max('createdAt').as('lastCreatedAt')])
    .where('experiment', '=', experiment)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  const { firstCreatedAt, lastCreatedAt } = row ?? {};
  return firstCreatedAt && lastCreatedAt ? { experiment, firstCreatedAt, lastCreatedAt } : null;
}
