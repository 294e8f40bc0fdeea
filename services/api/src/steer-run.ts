import { lanesOf } from '@tributary/planner';
import { type AttemptReplyDocument, isResting, type ScaleReplyDocument, TributaryError } from '@tributary/protocol';
import { endAttempt, generationsOf, listLeases, type RunRow, requireRun } from '@tributary/run-store';
import { cancelSignal, pauseSignal, scaleSignal } from '@tributary/workflows';
import type { ApiDeps } from './api-deps.js';
import { workerDocuments } from './live-workers.js';
import { signalRun } from './run-workflows.js';

type SteerDeps = Pick<ApiDeps, 'db' | 'temporal'>;

/** Asks a run to end. It ends at a step that all its members agree on. */
export async function cancelRun(run: string, { db, temporal }: SteerDeps): Promise<AttemptReplyDocument> {
  const { state, attempt } = await requireRun(db, run);
  if (isResting(state) && state !== 'paused')
    throw new TributaryError('RUN_STATE_CONFLICT', `Run ${run} is ${state} already; there is nothing to cancel.`);
  if (state === 'paused' || !(await signalRun(temporal, run, cancelSignal))) {
    // No workflow owns it: paused, or lost with Temporal's data.
    await endAttempt(db, run, attempt, { state: 'cancelled', reason: 'cancelled by request' });
  }
  const now = await requireRun(db, run);
  return { run, attempt, state: now.state };
}

/**
 * Asks a run to stop at its next step and to give its slots back. A queued run keeps its place and pauses once it has begun.
 * @throws TributaryError `RUN_NOT_FOUND`, `RUN_STATE_CONFLICT` for a run at rest, `SERVER_FAILED`
 */
export async function pauseRun(run: string, { db, temporal }: SteerDeps): Promise<AttemptReplyDocument> {
  const { state, attempt } = await requireRun(db, run);
  if (isResting(state))
    throw new TributaryError(
      'RUN_STATE_CONFLICT',
      state === 'paused'
        ? `Run ${run} is paused already; go on with: npx tributary resume ${run}`
        : `Run ${run} is ${state} and has given its workers back; there is nothing to pause.`,
    );
  if (!(await signalRun(temporal, run, pauseSignal))) throw await unsteered(run, db);
  return { run, attempt, state };
}

/**
 * Asks a run to train on another number of workers, for the rest of its attempt. Its lanes move at its next step; the result
 * stays the same.
 * @throws TributaryError `RUN_NOT_FOUND`, `RUN_STATE_CONFLICT` for a run at rest, `SPEC_INVALID` for more workers than lanes,
 *   `SERVER_FAILED`
 */
export async function scaleRun(run: string, workers: number, { db, temporal }: SteerDeps): Promise<ScaleReplyDocument> {
  const row = await requireRun(db, run);
  const { state, attempt } = row;
  const lanes = lanesOf(row.spec).length;
  if (workers > lanes)
    throw new TributaryError(
      'SPEC_INVALID',
      `workers is ${workers}, but run ${run} has ${lanes} ${lanes === 1 ? 'lane' : 'lanes'} (one for each replica of each task), and a worker hosts at least one; give ${lanes === 1 ? '1' : `1 to ${lanes}`}.`,
    );
  if (isResting(state))
    throw new TributaryError(
      'RUN_STATE_CONFLICT',
      `Run ${run} is ${state} and has no workers; go on with: npx tributary resume ${run}, then scale it.`,
    );
  const now = await workersNow(row, db);
  const free = await freeWorkers(db);
  if (!(await signalRun(temporal, run, scaleSignal, workers))) throw await unsteered(run, db);
  return { run, attempt, state, workers, now, free };
}

/** Members of the generation that trains; 0 while none does. */
async function workersNow({ run, attempt }: RunRow, db: ApiDeps['db']): Promise<number> {
  const newest = (await generationsOf(db, run)).at(-1);
  return newest === undefined || newest.attempt !== attempt || newest.endedAt !== null ? 0 : newest.members.length;
}

async function freeWorkers(db: ApiDeps['db']): Promise<number> {
  const leased = new Set((await listLeases(db)).map(({ worker }) => worker));
  return (await workerDocuments(db)).filter(({ worker, live }) => live && !leased.has(worker)).length;
}

/** Why no workflow took a signal: the run came to rest meanwhile, or Temporal has lost it. */
async function unsteered(run: string, db: ApiDeps['db']): Promise<TributaryError> {
  const { state } = await requireRun(db, run);
  return new TributaryError(
    'RUN_STATE_CONFLICT',
    isResting(state)
      ? `Run ${run} has just become ${state}; look at it with: npx tributary runs show ${run}`
      : `Temporal has no workflow for run ${run}, though it is ${state}; end it with: npx tributary cancel ${run}, then go on with: npx tributary resume ${run}`,
  );
}
