import type { RelativeDocument } from '@tributary/protocol';
import { sql } from 'kysely';
import type { Db } from '../database.js';

/** Most relatives of each side that are named. */
export const mostRelatives = 200;
/** A chain of runs longer than this is cut. */
const mostDistance = 100;

export interface RunFamily {
  readonly ancestors: readonly RelativeDocument[];
  readonly descendants: readonly RelativeDocument[];
  /** Whether there are more than are named. */
  readonly more: boolean;
}

/** The runs that a run comes from, by forks and initial values, and those that came of it; nearest first. */
export async function familyOf(db: Db, run: string): Promise<RunFamily> {
  const [ancestors, descendants] = await Promise.all([
    relativesOf(db, run, toParents),
    relativesOf(db, run, toChildren),
  ]);
  return {
    ancestors: ancestors.slice(0, mostRelatives),
    descendants: descendants.slice(0, mostRelatives),
    more: Math.max(ancestors.length, descendants.length) > mostRelatives,
  };
}

/** Where the next run of a walk is looked up, and its name; values of parameters have another collation than runs. */
const toParents = {
  fork: sql`runs.run = walk.run`,
  init: sql`param.run = walk.run`,
  next: { fork: sql`parent`, init: sql`param.value collate "default"` },
};
const toChildren = {
  fork: sql`runs.parent = walk.run`,
  init: sql`param.value = walk.run collate "C"`,
  next: { fork: sql`runs.run`, init: sql`param.run` },
};

/** `init.from` is looked up among the parameters, which have an index; without a step it was the newest checkpoint. */
async function relativesOf(db: Db, run: string, way: typeof toParents): Promise<RelativeDocument[]> {
  const { rows } = await sql<RelativeDocument>`
    with recursive walk as (
      select ${run}::text as run, null as relation, null::text as of, null::integer as step, 0 as distance
      union
      select edge.run, edge.relation, walk.run, edge.step, walk.distance + 1
      from walk, lateral (
        select ${way.next.fork} as run, 'fork' as relation, parent_step as step
        from runs where ${way.fork} and parent is not null and deleted_at is null
        union all
        select ${way.next.init}, 'init', (
          select number::integer from run_params step where step.run = param.run and step.key = 'init.from.step'
        )
        from run_params param join runs using (run)
        where ${way.init} and param.key = 'init.from.run' and runs.deleted_at is null
      ) edge
      where walk.distance < ${mostDistance}
    )
    select walk.run, walk.relation, walk.of, walk.step, min(walk.distance) as distance, runs.state
    from walk left join runs on runs.run = walk.run and runs.deleted_at is null
    where walk.distance > 0
    group by walk.run, walk.relation, walk.of, walk.step, runs.state, runs.created_at
    order by min(walk.distance), runs.created_at, walk.run, walk.relation
    limit ${mostRelatives + 1}`.execute(db);
  return rows;
}
