import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { natsNames } from '@tributary/protocol';
import { type Db, snapshotHashesOf } from '@tributary/run-store';
import { type RawBuilder, sql } from 'kysely';
import { childrenOf } from './chaos-process.js';
import { type ChaosStack, markedProcesses } from './chaos-stack.js';

/** What a run left behind, in the form in which two runs are compared. */
export interface RunTraces {
  readonly state: string;
  readonly reason: string | null;
  readonly step: number;
  readonly stateHash: string | null;
  /** State hash by step of each committed checkpoint. */
  readonly checkpoints: ReadonlyMap<number, string>;
  /** State hash by `step part` of each recorded snapshot. */
  readonly snapshots: ReadonlyMap<string, string>;
}

export async function tracesOf(db: Db, run: string): Promise<RunTraces> {
  const row = await db
    .selectFrom('runs')
    .select(['state', 'reason', 'step', 'stateHash'])
    .where('run', '=', run)
    .executeTakeFirstOrThrow();
  const checkpoints = await db.selectFrom('checkpoints').select(['step', 'stateHash']).where('run', '=', run).execute();
  const snapshots = await snapshotHashesOf(db, run);
  return {
    ...row,
    checkpoints: new Map(checkpoints.map(({ step, stateHash }) => [step, stateHash])),
    snapshots: new Map(snapshots.map(({ step, part, stateHash }) => [`${step} ${part}`, stateHash])),
  };
}

export interface RunCheck {
  /** Each hash that both runs have is equal, and no checkpoint that was written is missing. */
  readonly hashEqual: boolean;
  readonly hashesCompared: number;
  /** Checkpoints of the unfailed run that a fault cost before they were written. */
  readonly checkpointsMissing: number;
  /** Parts of snapshots of the unfailed run that this one did not record: a fault may cost a snapshot, never a step. */
  readonly snapshotsMissing: number;
  /** (task, step) pairs that are not in Postgres, and those that are there more than once. */
  readonly lostSteps: number;
  readonly duplicates: number;
  /** Everything that is wrong, in sentences; empty: all held. */
  readonly wrong: readonly string[];
}

export interface CheckOptions {
  readonly run: string;
  /** The unfailed run. */
  readonly reference: string;
  readonly steps: number;
  readonly tasks: readonly string[];
  /** Steps of checkpoints that faults cost before they were written. */
  readonly unwritten?: ReadonlySet<number>;
}

/** Holds a run under faults to the run without any. What may take a moment, such as the release of slots, is waited for. */
export async function checkRun(stack: ChaosStack, options: CheckOptions): Promise<RunCheck> {
  const { db } = stack;
  const { run, reference, steps, tasks, unwritten = new Set() } = options;
  const wrong: string[] = [];
  const traces = await tracesOf(db, run);
  const unfailed = await tracesOf(db, reference);
  if (traces.state !== 'finished') wrong.push(`the run is ${traces.state} at step ${traces.step}: ${traces.reason}`);

  let hashesCompared = 0;
  const unequal: string[] = [];
  const compare = (what: string, ours: string | null | undefined, theirs: string | null): void => {
    hashesCompared++;
    if (ours !== theirs) unequal.push(`${what} is ${ours?.slice(0, 12) ?? 'missing'}, not ${theirs?.slice(0, 12)}`);
  };
  compare('the state hash at the end', traces.stateHash, unfailed.stateHash);
  let checkpointsMissing = 0;
  for (const [step, hash] of unfailed.checkpoints)
    if (unwritten.has(step) && !traces.checkpoints.has(step)) checkpointsMissing++;
    else compare(`checkpoint ${step}`, traces.checkpoints.get(step), hash);
  let snapshotsMissing = 0;
  for (const [key, hash] of unfailed.snapshots)
    if (traces.snapshots.has(key)) compare(`snapshot ${key}`, traces.snapshots.get(key), hash);
    else snapshotsMissing++;
  wrong.push(...unequal.slice(0, 5));

  const { lostSteps, duplicates } = await countSteps(db, run, { tasks, steps });
  if (lostSteps > 0) wrong.push(`${lostSteps} (task, step) pairs are missing in Postgres`);
  if (duplicates > 0) wrong.push(`${duplicates} (task, step) pairs are in Postgres more than once`);
  const differing = await differingPoints(db, run, reference);
  if (differing > 0) wrong.push(`${differing} points differ from the unfailed run's`);
  const otherBatches = await differingBatches(db, run, reference);
  if (otherBatches > 0) wrong.push(`${otherBatches} lanes' batches differ from the unfailed run's`);
  const { divergences } = await db
    .selectFrom('divergences')
    .select(({ fn }) => fn.countAll<string>().as('divergences'))
    .where('run', '=', run)
    .executeTakeFirstOrThrow();
  if (Number(divergences) > 0) wrong.push(`${divergences} values raised DIVERGED`);

  for (const [what, probe] of [
    ['slots stay leased', () => leasedSlots(db, run)],
    ['messages of the records stream are not recorded', () => unrecorded(stack)],
    ['processes of the run are left', () => Promise.resolve(trainersLeft(stack))],
    ['processes have lost their parent', () => orphans(stack)],
  ] as const) {
    const left = await settled(probe);
    if (left > 0) wrong.push(`${left} ${what}`);
  }
  const hashEqual = unequal.length === 0;
  return { hashEqual, hashesCompared, checkpointsMissing, snapshotsMissing, lostSteps, duplicates, wrong };
}

/** The count once it is 0, or what it is after half a minute. */
async function settled(probe: () => Promise<number>): Promise<number> {
  const limit = performance.now() + 30_000;
  for (;;) {
    const left = await probe();
    if (left === 0 || performance.now() > limit) return left;
    await delay(250);
  }
}

async function countSteps(
  db: Db,
  run: string,
  { tasks, steps }: { readonly tasks: readonly string[]; readonly steps: number },
): Promise<{ lostSteps: number; duplicates: number }> {
  const subjects = tasks.map((task) => `task:${task}`);
  const { rows } = await sql<{ distinct: number; total: number }>`
    select count(distinct (series.subject, points.step))::int as distinct, count(*)::int as total
    from points join series on series.id = points.series_id
    where series.run = ${run} and series.series = 'train.loss' and series.kind = 'point'
      and series.subject = any(${subjects}) and points.step between 1 and ${steps}`.execute(db);
  const { distinct, total } = rows[0] ?? { distinct: 0, total: 0 };
  return { lostSteps: tasks.length * steps - distinct, duplicates: total - distinct };
}

/** Points that one of the runs has and the other has not, or has with another value. */
async function differingPoints(db: Db, run: string, reference: string): Promise<number> {
  const points = (of: string) => sql`
    select series.subject, series.series, points.step, points.value
    from points join series on series.id = points.series_id where series.run = ${of} and series.kind = 'point'`;
  return await countDiffering(db, points(run), points(reference));
}

/** Batches of the ledger that one of the runs has and the other has not. */
async function differingBatches(db: Db, run: string, reference: string): Promise<number> {
  const batches = (of: string) => sql`
    select step, lane, epoch, "position", microbatches
    from ledger join ledger_runs on ledger_runs.id = ledger.run_id where ledger_runs.run = ${of}`;
  return await countDiffering(db, batches(run), batches(reference));
}

async function countDiffering(db: Db, ours: RawBuilder<unknown>, theirs: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      ((${ours}) except (${theirs})) union all ((${theirs}) except (${ours}))
    ) as differing`.execute(db);
  return rows[0]?.count ?? 0;
}

async function leasedSlots(db: Db, run: string): Promise<number> {
  const leases = await db.selectFrom('leases').select('worker').where('run', '=', run).execute();
  return leases.length;
}

/** What JetStream has acknowledged and the recorder has not: nothing may be left, since every trainer has ended. */
async function unrecorded(stack: ChaosStack): Promise<number> {
  const stream = natsNames(stack.servers.namespace).recordsStream;
  const manager = await jetstreamManager(stack.connection);
  const { num_pending: pending, num_ack_pending: unacknowledged } = await manager.consumers.info(stream, 'recorder');
  return pending + unacknowledged;
}

function trainersLeft(stack: ChaosStack): number {
  const agents = [...stack.workers.values()].flatMap(({ pid }) => (pid === null ? [] : [pid]));
  return agents.flatMap(childrenOf).length;
}

/** Processes of this stack that belong to no living service. */
async function orphans(stack: ChaosStack): Promise<number> {
  const parents = [...stack.workers.values(), ...Object.values(stack.services)].flatMap(({ pid }) =>
    pid === null ? [] : [pid],
  );
  const known = new Set([...parents, ...parents.flatMap((pid) => childrenOf(pid).map((child) => child.pid))]);
  return (await markedProcesses(stack.folder)).filter((pid) => !known.has(pid)).length;
}
