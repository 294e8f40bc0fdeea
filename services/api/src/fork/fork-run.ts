import { pruneCheckpoint } from '@tributary/checkpoints';
import { type RunFile, validateRunFile } from '@tributary/config';
import { type ForkReplyDocument, type ForkRequestDocument, TributaryError } from '@tributary/protocol';
import {
  adoptCheckpoint,
  type CheckpointRow,
  changedFields,
  createRun,
  inTransaction,
  listCheckpoints,
  type RunRow,
  requireRun,
  startAttempt,
} from '@tributary/run-store';
import type { ApiDeps } from '../api-deps.js';
import { requireLiveWorkers } from '../live-workers.js';
import { requireTemporal } from '../run-workflows.js';
import { newRunId, startOrFail } from '../start-attempt.js';
import { copyCheckpoint } from './copy-checkpoint.js';
import { requireFittingState } from './require-fitting-state.js';
import { setFields } from './set-fields.js';

type ForkDeps = Pick<ApiDeps, 'db' | 'objects' | 'temporal'>;

/**
 * Starts a new run from a checkpoint of another. It has a copy of the checkpoint, so that nothing that becomes of its parent
 * reaches it. Everything that can be refused is, before anything is written; what a later failure leaves is taken away.
 * @throws TributaryError `RUN_NOT_FOUND`, `CHECKPOINT_NOT_FOUND`, `CHECKPOINT_CORRUPT`, `SPEC_INVALID`, `DATA_INVALID`,
 *   `NO_WORKERS`, `SERVER_FAILED`
 */
export async function forkRun(
  parent: string,
  request: ForkRequestDocument,
  taskQueue: string,
  deps: ForkDeps,
): Promise<ForkReplyDocument> {
  const { db, objects, temporal } = deps;
  const row = await requireRun(db, parent);
  const checkpoint = await chosenCheckpoint(row, request.step, deps);
  const { step } = checkpoint;
  const name = `fork of ${parent}`;
  const before = validateRunFile(row.spec, { name: parent });
  const spec = validateRunFile(setFields(request.spec ?? before, request.set ?? {}), { name });
  requireFittingState(before, spec, { run: parent, step });
  requireSameFiles(row, request.files ?? {});
  requireStepsLeft(spec, { run: parent, step });
  await requireLiveWorkers(db, spec.workers.min);
  await requireTemporal(temporal);

  const combinerChanged = JSON.stringify(before.combiner) !== JSON.stringify(spec.combiner);
  const run = newRunId(spec.experiment);
  const manifest = await copyCheckpoint(objects, checkpoint.manifest, { run, withoutCombiner: combinerChanged });
  let attempt: number;
  try {
    attempt = await inTransaction(db, async (trx) => {
      const { files, preparedKey } = row;
      const { experiment } = spec;
      await createRun(trx, { run, experiment, spec, files, preparedKey, parent: { run: parent, step } });
      await adoptCheckpoint(trx, manifest);
      return await startAttempt(trx, run);
    });
  } catch (error) {
    await pruneCheckpoint(objects, run, step).catch(() => undefined);
    throw error;
  }
  const started = await startOrFail({ run, attempt, taskQueue }, deps);
  return {
    ...started,
    parent: { run: parent, step },
    changes: changedFields(before, spec).sort((a, b) => (a.field < b.field ? -1 : 1)),
    remarks: manifest.stateHash === checkpoint.stateHash ? [] : ['the combiner begins anew: it is another one'],
  };
}

async function chosenCheckpoint(
  { run, state, spec }: RunRow,
  step: number | undefined,
  { db }: ForkDeps,
): Promise<CheckpointRow> {
  const checkpoints = await listCheckpoints(db, run);
  const found = step === undefined ? checkpoints[0] : checkpoints.find((each) => each.step === step);
  if (found !== undefined) return found;
  const steps = checkpoints.map((each) => each.step).reverse();
  throw new TributaryError(
    'CHECKPOINT_NOT_FOUND',
    steps.length === 0
      ? `Run ${run} (${state}) has no checkpoint to fork; it writes one every ${spec.checkpoints.every} steps.`
      : `Run ${run} has no checkpoint of step ${step}; fork one of those it has: ${steps.join(', ')}.`,
  );
}

/** A fork goes on with the parent's data, whatever lies under its name today. */
function requireSameFiles({ run, files }: RunRow, named: Readonly<Record<string, string>>): void {
  for (const [path, key] of Object.entries(named)) {
    if (Object.hasOwn(files, path) && files[path] === key) continue;
    throw new TributaryError(
      'DATA_INVALID',
      `${path} is not the file that run ${run} was launched with, but a fork goes on with the same data; to train on other data, launch a run file with init: { from: { run: ${run} } }.`,
    );
  }
}

function requireStepsLeft(
  { budget, sync }: RunFile,
  { run, step }: { readonly run: string; readonly step: number },
): void {
  if (budget.steps > step) return;
  const more = step * 2;
  throw new TributaryError(
    'SPEC_INVALID',
    `budget.steps is ${budget.steps}, but the checkpoint of ${run} has done ${step} steps already; give the fork more, e.g. npx tributary fork ${run} --step ${step} --steps ${more}${sync.strategy === 'diloco' ? ` (a multiple of ${sync.innerSteps})` : ''}, or fork an earlier checkpoint.`,
  );
}
