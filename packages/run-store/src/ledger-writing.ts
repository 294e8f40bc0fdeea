import type pg from 'pg';
import type { DivergedPoint } from './diverged-point.js';

const insertRuns = `
insert into ledger_runs (run) select distinct run from staged_ledger order by run
on conflict do nothing`;

const insertRows = `
insert into ledger (run_id, step, lane, generation, epoch, "position", microbatches)
select distinct on (runs.id, staged.step, staged.lane)
  runs.id, staged.step, staged.lane, staged.generation, staged.epoch, staged."position", staged.microbatches
from staged_ledger staged join ledger_runs runs using (run)
order by runs.id, staged.step, staged.lane, staged.ord
on conflict do nothing`;

/** Moves staged steps of lanes into the ledger; the first of a lane and step wins, with its generation. @returns how many were new */
export async function insertLedger(client: pg.PoolClient): Promise<number> {
  await client.query(insertRuns);
  return (await client.query(insertRows)).rowCount ?? 0;
}

/** The first field that differs stands for the row. */
const insertDiverged = `
with diverged as (
  select distinct on (staged.run, staged.step, staged.lane, staged.generation)
    staged.run, 'lane:' || staged.lane as subject, staged.step, staged.generation, staged.attempt,
    field.series, field.recorded, field.redone
  from staged_ledger staged
  join ledger_runs runs using (run)
  join ledger stored on stored.run_id = runs.id and stored.step = staged.step and stored.lane = staged.lane
  cross join lateral (values
    (1, 'ledger.epoch', stored.epoch, staged.epoch),
    (2, 'ledger.position', stored."position", staged."position"),
    (3, 'ledger.microbatches', stored.microbatches, staged.microbatches)
  ) as field (place, series, recorded, redone)
  where field.recorded <> field.redone
  order by staged.run, staged.step, staged.lane, staged.generation, staged.ord, field.place
), kept as (
  insert into divergences (run, subject, series, step, generation, attempt, recorded, redone)
  select run, subject, series, step, generation, attempt, recorded::text, redone::text from diverged
  on conflict do nothing
)
select * from diverged order by run, step, subject, generation`;

/** Keeps the first difference of each redone step of a lane. */
export async function insertLedgerDivergences(client: pg.PoolClient): Promise<DivergedPoint[]> {
  return (await client.query<DivergedPoint>(insertDiverged)).rows;
}
