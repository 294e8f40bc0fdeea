import { fenceStep } from '@tributary/planner';
import { checkpointKey, natsNames, TributaryError, type VerifyRequest, verifySubject } from '@tributary/protocol';
import {
  attemptsOf,
  type CheckpointRow,
  type Db,
  type GenerationRow,
  generationsOf,
  listCheckpoints,
  listWorkers,
  type RunRow,
  requireRun,
  snapshotHashesOf,
} from '@tributary/run-store';

export interface StretchChoice {
  /** Default: the checkpoint before `to`, or the run's beginning. */
  readonly from?: number;
  /** Default: the newest checkpoint, or that after `from`. */
  readonly to?: number;
}

/** A stretch of a run's steps, and who can do it again. */
export interface Stretch {
  readonly request: VerifyRequest;
  /** Where workers of the kind that did it listen. */
  readonly subject: string;
  /** Of that kind, in words. */
  readonly kind: string;
  /** After its beginning, up to its end; oldest first. */
  readonly checkpoints: readonly CheckpointRow[];
}

/**
 * Settles which steps to verify, between two checkpoints or from the beginning, with which budget, and on which kind of worker.
 * @throws TributaryError `RUN_NOT_FOUND`, `CHECKPOINT_NOT_FOUND`, `DATA_INVALID`, `NO_WORKERS`
 */
export async function chooseStretch(
  db: Db,
  run: string,
  choice: StretchChoice,
  options: { readonly namespace: string },
): Promise<Stretch> {
  const row = await requireRun(db, run);
  const checkpoints = (await listCheckpoints(db, run)).reverse();
  const { from, to } = stepsOf(row, checkpoints, choice);
  const generations = generationsWithin(await generationsOf(db, run), from, to);
  const newest = generations.at(-1);
  if (row.preparedKey === null || newest === undefined)
    throw new TributaryError(
      'CHECKPOINT_NOT_FOUND',
      `It is not recorded which generation of run ${run} did steps ${from + 1} to ${to}; verify a later stretch.`,
    );
  const { subject, kind } = await kindOf(db, run, newest, options);
  return {
    request: {
      run: row.run,
      attempt: newest.attempt,
      preparedKey: row.preparedKey,
      budgetSteps: await budgetOf(db, row, generations, { from, to }),
      from: { step: from, checkpointKey: from === 0 ? null : checkpointKey(run, from) },
      to,
      snapshots: [...new Set((await snapshotHashesOf(db, run, { from: from + 1, to })).map(({ step }) => step))],
    },
    subject,
    kind,
    checkpoints: checkpoints.filter(({ step }) => step > from && step <= to),
  };
}

function stepsOf(
  { run, state, parent, parentStep, spec }: RunRow,
  checkpoints: readonly CheckpointRow[],
  choice: StretchChoice,
): { from: number; to: number } {
  const steps = checkpoints.map(({ step }) => step);
  const first = parent === null ? 0 : (parentStep ?? 0);
  const starts = [...new Set([first, ...steps])].sort((a, b) => a - b);
  if (steps.length === 0 || (steps.length === 1 && steps[0] === first))
    throw new TributaryError(
      'CHECKPOINT_NOT_FOUND',
      `Run ${run} (${state}) has no checkpoint to verify yet; it writes one every ${spec.checkpoints.every} steps.`,
    );
  const known = (step: number, among: readonly number[], name: string): number => {
    if (among.includes(step)) return step;
    throw new TributaryError(
      'CHECKPOINT_NOT_FOUND',
      `Run ${run} has no checkpoint of step ${step}; --${name} may be ${among.join(', ')}.`,
    );
  };
  const fromGiven = choice.from === undefined ? null : known(choice.from, starts, 'from');
  const to =
    choice.to === undefined
      ? ((fromGiven === null ? steps.at(-1) : steps.find((step) => step > fromGiven)) ?? fromGiven ?? 0)
      : known(choice.to, steps, 'to');
  const from = fromGiven ?? starts.filter((step) => step < to).at(-1) ?? to;
  if (from >= to)
    throw new TributaryError(
      'DATA_INVALID',
      from === to
        ? `There is nothing to verify from step ${from} to the same step; name an earlier --from or a later --to.`
        : `Steps from ${from} to ${to} are none; give the smaller as --from.`,
    );
  return { from, to };
}

/** Those whose work counts in a stretch, oldest first: each did the steps after its resume step, up to its fence. */
function generationsWithin(generations: readonly GenerationRow[], from: number, to: number): GenerationRow[] {
  return generations.filter(
    ({ generation, resumeStep }) => Math.max(resumeStep, from) < Math.min(fenceStep(generation, generations), to),
  );
}

/** The budget decides the learning rate's schedule; a run that was extended had another one before. */
async function budgetOf(
  db: Db,
  { run, targetSteps, spec }: RunRow,
  generations: readonly GenerationRow[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const attempts = new Map((await attemptsOf(db, run)).map((attempt) => [attempt.attempt, attempt.targetSteps]));
  const budgets = generations.map(({ attempt }) => attempts.get(attempt) ?? targetSteps ?? spec.budget.steps);
  const changed = budgets.findIndex((budget) => budget !== budgets[0]);
  if (changed >= 0)
    throw new TributaryError(
      'DATA_INVALID',
      `Between steps ${from} and ${to} the budget of run ${run} went from ${budgets[0]} to ${budgets[changed]} steps, and its schedule with it; verify up to step ${generations[changed]?.resumeStep} and from there apart.`,
    );
  return budgets[0] ?? spec.budget.steps;
}

async function kindOf(
  db: Db,
  run: string,
  { generation, members }: GenerationRow,
  { namespace }: { readonly namespace: string },
): Promise<{ subject: string; kind: string }> {
  const names = new Set<string>(members.map(({ worker }) => worker));
  const device = (await listWorkers(db)).find(({ worker }) => names.has(worker))?.description;
  if (device === undefined)
    throw new TributaryError(
      'NO_WORKERS',
      `Nothing is known any more of the workers of generation ${generation} of run ${run}; state hashes are equal only on their kind, so it cannot be verified.`,
    );
  const { backendVersion, model, version } = device;
  return {
    subject: verifySubject(natsNames(namespace).verify, device),
    kind: `${backendVersion} on ${device.device === 'cpu' ? 'cpu' : 'gpu'} (${model}), Tributary ${version}`,
  };
}
