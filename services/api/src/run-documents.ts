import { maxShownDivergences, type RunDocument, type RunSummaryDocument, type TaskDocument } from '@tributary/protocol';
import {
  attemptsOf,
  countDivergences,
  type Db,
  divergencesOf,
  generationsOf,
  lineageOf,
  listCheckpoints,
  type RunRow,
  requireRun,
  type SeriesSummary,
  type StoredSample,
  samplesOf,
  seriesSummaries,
  type TaskRow,
  tasksOf,
} from '@tributary/run-store';

/** A run as one line of a list. */
export function runSummary(row: RunRow): RunSummaryDocument {
  return {
    run: row.run,
    experiment: row.experiment,
    state: row.state,
    reason: row.reason,
    attempt: row.attempt,
    step: row.step,
    targetSteps: row.targetSteps,
    stateHash: row.stateHash,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}

/** Everything that the run store knows of a run. @throws TributaryError `RUN_NOT_FOUND` */
export async function runDocument(db: Db, run: string): Promise<RunDocument> {
  const row = await requireRun(db, run);
  const [tasks, attempts, generations, series, checkpoints, lineage, samples, total, first] = await Promise.all([
    tasksOf(db, run),
    attemptsOf(db, run),
    generationsOf(db, run),
    seriesSummaries(db, run),
    listCheckpoints(db, run),
    lineageOf(db, run),
    samplesOf(db, run),
    countDivergences(db, run),
    divergencesOf(db, run, maxShownDivergences),
  ]);
  return {
    ...runSummary(row),
    spec: row.spec as unknown as Record<string, unknown>,
    files: row.files,
    tasks: tasks.map((task) => taskDocument(task, series, samples)),
    attempts: attempts.map(({ attempt, state, reason, startedAt, endedAt }) => ({
      attempt,
      state,
      reason,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    })),
    generations: generations.map(({ run: _, openedAt, endedAt, ...generation }) => ({
      ...generation,
      openedAt: openedAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    })),
    series: series.map((summary) => ({
      ...summary,
      last: finite(summary.last),
      min: finite(summary.min),
      max: finite(summary.max),
    })),
    checkpoints: checkpoints.map(({ step, attempt, stateHash, sizeBytes, committedAt }) => ({
      step,
      attempt,
      stateHash,
      sizeBytes,
      committedAt: committedAt.toISOString(),
    })),
    lineage,
    divergences: { total, first: first.map(({ run: _, foundAt: __, ...divergence }) => divergence) },
  };
}

function taskDocument(
  { task, replicas, weight }: TaskRow,
  series: readonly SeriesSummary[],
  samples: readonly StoredSample[],
): TaskDocument {
  const heldOut = series.filter(({ subject, series: name }) => subject === `task:${task}` && name.startsWith('test.'));
  const own = samples.filter((sample) => sample.task === task);
  const newest = own.reduce((step, sample) => Math.max(step, sample.step), 0);
  return {
    task,
    replicas,
    weight,
    results: Object.fromEntries(heldOut.map(({ series: name, last }) => [name.slice('test.'.length), finite(last)])),
    samples: own.filter(({ step }) => step === newest).map(({ task: _, ...sample }) => sample),
  };
}

/** JSON has neither NaN nor infinities. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
