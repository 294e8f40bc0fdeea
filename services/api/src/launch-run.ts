import { decodeWeights } from '@tributary/checkpoints';
import { nearestMultiples, type RunFile, stepsOfExchange, validateRunFile } from '@tributary/config';
import { buildData } from '@tributary/datasets';
import { type AttemptReplyDocument, isResting, TributaryError } from '@tributary/protocol';
import {
  createRun,
  inTransaction,
  listCheckpoints,
  requireRun,
  seriesSummaries,
  startAttempt,
} from '@tributary/run-store';
import type { ApiDeps } from './api-deps.js';
import { requireLiveWorkers } from './live-workers.js';
import { namedFiles } from './named-files.js';
import { requireTemporal } from './run-workflows.js';
import { newRunId, startOrFail } from './start-attempt.js';

type RunDeps = Pick<ApiDeps, 'db' | 'objects' | 'temporal'>;

/**
 * Checks everything that can be checked, and only then records the run and starts its workflow.
 * @throws TributaryError `SPEC_INVALID`, `DATA_INVALID`, `NO_WORKERS`, `SERVER_FAILED`; nothing has been written then
 */
export async function launchRun(
  request: { readonly spec: unknown; readonly files: Readonly<Record<string, string>> },
  taskQueue: string,
  deps: RunDeps,
): Promise<AttemptReplyDocument> {
  const asked = validateRunFile(request.spec, { name: 'spec' });
  const spec = await pinInit(asked, deps);
  const files = await checkFiles(spec, request.files, deps);
  await requireLiveWorkers(deps.db, spec.workers.min);
  await requireTemporal(deps.temporal);
  const run = newRunId(spec.experiment);
  const attempt = await inTransaction(deps.db, async (trx) => {
    await createRun(trx, { run, experiment: spec.experiment, spec, files });
    return await startAttempt(trx, run);
  });
  return await startOrFail({ run, attempt, taskQueue }, deps);
}

/**
 * Starts a new attempt of a run at rest, from its newest checkpoint.
 * @param steps a new budget of steps; a finished run needs a larger one
 * @throws TributaryError `RUN_NOT_FOUND`, `RUN_STATE_CONFLICT`, `SPEC_INVALID`, `NO_WORKERS`, `SERVER_FAILED`
 */
export async function resumeRun(
  run: string,
  steps: number | undefined,
  taskQueue: string,
  deps: RunDeps,
): Promise<AttemptReplyDocument> {
  const row = await requireRun(deps.db, run);
  const target = steps ?? row.spec.budget.steps;
  // A run whose last checkpoint was lost has steps to do again.
  const done = row.state === 'finished' ? row.step : ((await listCheckpoints(deps.db, run))[0]?.step ?? 0);
  if (isResting(row.state) && target <= done)
    throw new TributaryError(
      'RUN_STATE_CONFLICT',
      target < done
        ? `Run ${run} has done ${done} steps already, so ${target} are no budget for it; give more: npx tributary resume ${run} --steps ${done * 2}`
        : `Run ${run} has done all ${done} steps of its budget; give it a larger one: npx tributary resume ${run} --steps ${done * 2}`,
    );
  if (!isResting(row.state))
    throw new TributaryError(
      'RUN_STATE_CONFLICT',
      `Run ${run} is ${row.state}; only a run that has ended or is paused can be resumed. Follow it with: npx tributary watch ${run}`,
    );
  if (row.state === 'finished' && row.spec.earlyStop !== undefined && row.step < row.spec.budget.steps)
    throw new TributaryError(
      'RUN_STATE_CONFLICT',
      `Run ${run} has stopped early at step ${row.step}, by the earlyStop of its run file; to train on, fork it with more patience: npx tributary fork ${run} --set earlyStop.patience=${2 * row.spec.earlyStop.patience}`,
    );
  const every = stepsOfExchange(row.spec.sync);
  if (target % every !== 0)
    throw new TributaryError(
      'SPEC_INVALID',
      `Run ${run} exchanges every ${every} steps (sync.innerSteps) and ends only there; ${target} is no multiple, take ${nearestMultiples(target, every).join(' or ')}.`,
    );
  if (target !== row.spec.budget.steps) await requireNothingBeyond(done, run, target, deps);
  await requireLiveWorkers(deps.db, row.spec.workers.min);
  await requireTemporal(deps.temporal);
  const attempt = await startAttempt(deps.db, run, steps === undefined ? {} : { steps });
  return await startOrFail({ run: row.run, attempt, taskQueue }, deps);
}

/** With another budget, steps that are recorded but not in a checkpoint might be done again to other values: the schedule follows it. */
async function requireNothingBeyond(step: number, run: string, target: number, { db }: RunDeps): Promise<void> {
  const recorded = Math.max(0, ...(await seriesSummaries(db, run)).map(({ lastStep }) => lastStep ?? 0));
  if (recorded <= step) return;
  throw new TributaryError(
    'RUN_STATE_CONFLICT',
    `Run ${run} has recorded steps up to ${recorded}, beyond its newest checkpoint (step ${step}), and would do them again under another budget; go on without --steps, or fork it: npx tributary fork ${run} --steps ${target}`,
  );
}

/**
 * Names the checkpoint that a run begins with: by the time that it is prepared, or prepared again, there may be newer ones.
 * @throws TributaryError `RUN_NOT_FOUND`, `CHECKPOINT_NOT_FOUND`
 */
async function pinInit(spec: RunFile, { db }: RunDeps): Promise<RunFile> {
  if (spec.init?.from.run === undefined) return spec;
  const { run, step } = spec.init.from;
  const row = await requireRun(db, run);
  const steps = (await listCheckpoints(db, run)).map((checkpoint) => checkpoint.step);
  const chosen = step ?? steps[0];
  if (chosen === undefined)
    throw new TributaryError(
      'CHECKPOINT_NOT_FOUND',
      `init.from.run: run ${run} (${row.state}) has no checkpoint yet; it writes one every ${row.spec.checkpoints.every} steps.`,
    );
  if (!steps.includes(chosen))
    throw new TributaryError(
      'CHECKPOINT_NOT_FOUND',
      `init.from.step: run ${run} has no checkpoint of step ${chosen}; it has ${steps.length === 0 ? 'none' : steps.toReversed().join(', ')}.`,
    );
  return { ...spec, init: { ...spec.init, from: { run, step: chosen } } };
}

/** Paths in the run file and what was uploaded for them must be the same; the pairs must be readable. */
async function checkFiles(
  spec: RunFile,
  uploaded: Readonly<Record<string, string>>,
  { objects }: RunDeps,
): Promise<Record<string, string>> {
  const fromFile = spec.tasks.filter(({ data }) => data.source !== 'words');
  const wanted = namedFiles(spec);
  const weights = spec.init?.from.file;
  const files: Record<string, string> = {};
  for (const path of wanted) {
    const key = Object.hasOwn(uploaded, path) ? uploaded[path] : undefined;
    if (key === undefined)
      throw new TributaryError(
        'DATA_INVALID',
        `${path} was not uploaded; PUT it to /v1/files and name its key in files.`,
      );
    if (!/^data\/[0-9a-f]{64}$/.test(key) || !(await objects.has(key)))
      throw new TributaryError('DATA_INVALID', `${path}: there is no uploaded file ${key}; PUT it to /v1/files again.`);
    files[path] = key;
  }
  for (const path of Object.keys(uploaded))
    if (!wanted.includes(path))
      throw new TributaryError('DATA_INVALID', `files names ${path}, but the run file does not.`);
  if (weights !== undefined) decodeWeights(await objects.get(files[weights] as string), weights);
  // The bundled words are known to be sound; `prepare` builds them once, off this process.
  if (fromFile.length > 0) await buildData({ ...spec, tasks: fromFile }, (path) => objects.get(files[path] as string));
  return files;
}
