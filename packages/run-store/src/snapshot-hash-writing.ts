import type pg from 'pg';
import type { DivergedPoint } from './diverged-point.js';

const insertRows = `
insert into snapshot_hashes (run, step, part, generation, state_hash)
select distinct on (run, step, part) run, step, part, generation, decode(state_hash, 'hex')
from staged_snapshot_hashes order by run, step, part, ord
on conflict do nothing`;

/** Moves staged state hashes into their table; the first of a part and step wins, with its generation. @returns how many were new */
export async function insertSnapshotHashes(client: pg.PoolClient): Promise<number> {
  return (await client.query(insertRows)).rowCount ?? 0;
}

const insertDiverged = `
with diverged as (
  select distinct on (staged.run, staged.step, staged.part, staged.generation)
    staged.run, 'run' as subject, 'snapshot_hash.' || staged.part as series, staged.step, staged.generation, staged.attempt,
    encode(stored.state_hash, 'hex') as recorded, staged.state_hash as redone
  from staged_snapshot_hashes staged join snapshot_hashes stored using (run, step, part)
  where stored.state_hash <> decode(staged.state_hash, 'hex')
  order by staged.run, staged.step, staged.part, staged.generation, staged.ord
), kept as (
  insert into divergences (run, subject, series, step, generation, attempt, recorded, redone)
  select run, subject, series, step, generation, attempt, recorded, redone from diverged
  on conflict do nothing
)
select * from diverged order by run, step, series, generation`;

/** Also tells of two members of one generation whose copies of the shared state differ. */
export async function insertSnapshotHashDivergences(client: pg.PoolClient): Promise<DivergedPoint[]> {
  return (await client.query<DivergedPoint>(insertDiverged)).rows;
}
