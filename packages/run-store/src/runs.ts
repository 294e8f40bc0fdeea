import type { RunFile } from '@tributary/config';
import { type RunId, type RunState, restingStates, TributaryError } from '@tributary/protocol';
import { type Selectable, sql } from 'kysely';
import type { Db } from './database.js';
import { inTransaction } from './in-transaction.js';
import { writeParams, writeTags } from './run-labels.js';
import { runNotFound } from './run-not-found.js';
import type { AttemptTable, RunTable, TaskTable } from './schema.js';

export type RunRow = Omit<Selectable<RunTable>, 'run'> & { readonly run: RunId };
export type AttemptRow = Selectable<AttemptTable>;
export type TaskRow = Selectable<TaskTable>;

/** The states that a run may leave for each state. `queued` again is a new attempt: {@link startAttempt}. */
const comesFrom: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: restingStates,
  running: ['queued', 'recovering'],
  recovering: ['running'],
  paused: ['running', 'recovering'],
  finished: ['running'],
  // From `queued` too: preparing the data can fail before any slot is leased.
  failed: ['queued', 'running', 'recovering'],
  cancelled: ['queued', 'running', 'recovering', 'paused'],
};

/** Whether a run may go from one state to another (DESIGN: "A run's life"). */
export function isLegalTransition(from: RunState, to: RunState): boolean {
  return comesFrom[to].includes(from);
}

export interface NewRun {
  readonly run: RunId;
  readonly experiment: string;
  readonly spec: RunFile;
  /** Path in the run file → object key of the uploaded bytes. */
  readonly files: Readonly<Record<string, string>>;
  /** The run that it is forked from, and the step; left out: it begins by itself. */
  readonly parent?: { readonly run: string; readonly step: number };
  /** What the parent was prepared to: initial values that it has resolved stay. */
  readonly preparedKey?: string | null;
}

/**
 * Records a run as `queued`, with its tasks, parameters, tags and note, before its first attempt (`attempt` 0).
 * @throws TributaryError `RUN_STATE_CONFLICT` where the id is taken
 */
export async function createRun(db: Db, newRun: NewRun): Promise<RunRow> {
  const { run, experiment, spec, files, parent, preparedKey } = newRun;
  return await inTransaction(db, async (trx) => {
    const row = await trx
      .insertInto('runs')
      .values({
        run,
        experiment,
        state: 'queued',
        spec: JSON.stringify(spec),
        files: JSON.stringify(files),
        targetSteps: spec.budget.steps,
        preparedKey: preparedKey ?? null,
        parent: parent?.run ?? null,
        parentStep: parent?.step ?? null,
        note: spec.note ?? null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!row)
      throw new TributaryError('RUN_STATE_CONFLICT', `A run "${run}" exists already; launch again to get another id.`);
    await trx
      .insertInto('tasks')
      .values(
        spec.tasks.map((task, position) => ({
          run,
          task: task.name,
          position,
          replicas: task.replicas,
          weight: task.weight,
        })),
      )
      .execute();
    await writeParams(trx, run, spec);
    await writeTags(trx, run, spec.tags ?? {});
    return row as RunRow;
  });
}

export async function findRun(db: Db, run: string): Promise<RunRow | null> {
  const row = await db
    .selectFrom('runs')
    .selectAll()
    .where('run', '=', run)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  return (row as RunRow | undefined) ?? null;
}

/** @throws TributaryError `RUN_NOT_FOUND` */
export async function requireRun(db: Db, run: string): Promise<RunRow> {
  const row = await findRun(db, run);
  if (!row) throw runNotFound(run);
  return row;
}

/** Those of some ids that no run has. */
export async function unknownRuns(db: Db, runs: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('runs')
    .select('run')
    .where('run', '=', sql<string>`any(${runs}::text[])`)
    .where('deletedAt', 'is', null)
    .execute();
  const known = new Set(rows.map(({ run }) => run as string));
  return runs.filter((run) => !known.has(run));
}

/** Runs with an attempt under way, archived ones too, newest first. */
export async function activeRuns(db: Db, { limit }: { readonly limit: number }): Promise<RunRow[]> {
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where('state', 'in', activeStates)
    .where('deletedAt', 'is', null)
    .orderBy('createdAt', 'desc')
    .orderBy('run', 'desc')
    .limit(limit)
    .execute();
  return rows as RunRow[];
}

const activeStates: readonly RunState[] = ['queued', 'running', 'recovering'];

/** Runs that were forked from this one, oldest first. */
export async function forksOf(db: Db, run: string): Promise<RunRow[]> {
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where('parent', '=', run)
    .where('deletedAt', 'is', null)
    .orderBy('createdAt')
    .orderBy('run')
    .execute();
  return rows as RunRow[];
}

/** Steps of this run's checkpoints that queued runs are still to begin with (`init.from`). */
export async function stepsAwaitedFrom(
  db: Db,
  run: string,
): Promise<{ readonly run: string; readonly step: number }[]> {
  const { rows } = await sql<{ run: string; step: number }>`
    select run, (spec #>> '{init,from,step}')::integer as step
    from runs
    where spec #>> '{init,from,run}' = ${run} and spec #>> '{init,from,step}' is not null
      and prepared_key is null and state = 'queued'
    order by run`.execute(db);
  return rows;
}

/** The run's tasks in run-file order. */
export async function tasksOf(db: Db, run: string): Promise<TaskRow[]> {
  return await db.selectFrom('tasks').selectAll().where('run', '=', run).orderBy('position').execute();
}

/**
 * Moves a run to a state, if that is legal from where it is. Being there already counts as done, so that a retried activity
 * succeeds.
 * @returns false where the run is in a state from which this one cannot follow, or does not exist
 */
export async function setRunState(
  db: Db,
  run: string,
  { state, reason }: { readonly state: Exclude<RunState, 'queued'>; readonly reason: string | null },
): Promise<boolean> {
  const resting = restingStates.includes(state);
  const moved = await db
    .updateTable('runs')
    .set({
      state,
      reason,
      ...(state === 'running' ? { startedAt: sql<Date>`coalesce(started_at, now())` } : {}),
      endedAt: resting ? sql<Date>`now()` : null,
    })
    .where('run', '=', run)
    .where('state', 'in', comesFrom[state])
    .returning('run')
    .executeTakeFirst();
  if (moved) return true;
  const there = await db.selectFrom('runs').select('state').where('run', '=', run).executeTakeFirst();
  return there?.state === state;
}

/**
 * Starts the first attempt of a queued run, or a new one of a run at rest (it is queued again).
 * @param steps a new budget of steps, where the attempt extends the run
 * @returns the attempt's number: 1, 2, …
 * @throws TributaryError `RUN_NOT_FOUND`, or `RUN_STATE_CONFLICT` where an attempt is under way
 */
export async function startAttempt(db: Db, run: string, options: { readonly steps?: number } = {}): Promise<number> {
  const { steps } = options;
  return await inTransaction(db, async (trx) => {
    const row = await trx
      .updateTable('runs')
      .set({
        state: 'queued',
        reason: null,
        endedAt: null,
        attempt: sql<number>`attempt + 1`,
        ...(steps === undefined
          ? {}
          : {
              targetSteps: steps,
              spec: sql<string>`jsonb_set(spec, '{budget,steps}', to_jsonb(${steps}::integer))`,
            }),
      })
      .where('run', '=', run)
      .where('deletedAt', 'is', null)
      .where((eb) =>
        eb.or([eb('state', 'in', restingStates), eb.and([eb('state', '=', 'queued'), eb('attempt', '=', 0)])]),
      )
      .returning(['attempt', 'targetSteps', 'spec'])
      .executeTakeFirst();
    if (!row) {
      const { state, attempt } = await requireRun(trx, run);
      throw new TributaryError(
        'RUN_STATE_CONFLICT',
        `Run "${run}" is ${state} (attempt ${attempt}); only a run that is ${restingStates.join(', ')} can be resumed.`,
      );
    }
    const { attempt, targetSteps, spec } = row;
    await trx.insertInto('attempts').values({ run, attempt, targetSteps }).execute();
    if (steps !== undefined) await writeParams(trx, run, spec);
    return attempt;
  });
}

/**
 * Ends an attempt and moves the run with it, in one transaction. Ending it again the same way changes nothing.
 * @returns false where the attempt is not the run's newest, or the state cannot follow
 */
export async function endAttempt(
  db: Db,
  run: string,
  attempt: number,
  { state, reason }: { readonly state: Exclude<RunState, 'queued'>; readonly reason: string | null },
): Promise<boolean> {
  return await inTransaction(db, async (trx) => {
    const newest = await trx.selectFrom('runs').select('attempt').where('run', '=', run).forUpdate().executeTakeFirst();
    if (newest?.attempt !== attempt) return false;
    if (!(await setRunState(trx, run, { state, reason }))) return false;
    await trx
      .updateTable('attempts')
      .set({ state, reason, endedAt: sql<Date>`now()` })
      .where('run', '=', run)
      .where('attempt', '=', attempt)
      .where('endedAt', 'is', null)
      .execute();
    return true;
  });
}

export async function attemptsOf(db: Db, run: string): Promise<AttemptRow[]> {
  return await db.selectFrom('attempts').selectAll().where('run', '=', run).orderBy('attempt').execute();
}

/** Those of some runs that there are. */
export async function runsNamed(db: Db, runs: readonly string[]): Promise<RunRow[]> {
  if (runs.length === 0) return [];
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where('run', 'in', runs)
    .where('deletedAt', 'is', null)
    .execute();
  return rows as RunRow[];
}

/** Records what `prepare` made of the run file. @throws TributaryError `RUN_NOT_FOUND` */
export async function setPrepared(
  db: Db,
  run: string,
  { preparedKey, targetSteps }: { readonly preparedKey: string; readonly targetSteps: number },
): Promise<void> {
  const updated = await db
    .updateTable('runs')
    .set({ preparedKey, targetSteps })
    .where('run', '=', run)
    .returning('run')
    .executeTakeFirst();
  if (!updated) throw runNotFound(run);
}
