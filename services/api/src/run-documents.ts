import {
  type InitReport,
  maxShownDivergences,
  type ObjectStore,
  type PreparedRun,
  type RunDocument,
  type RunSummaryDocument,
  type TaskDocument,
} from '@tributary/protocol';
import {
  attemptsOf,
  countDivergences,
  divergencesOf,
  forksOf,
  generationsOf,
  lineageOf,
  listCheckpoints,
  type RunRow,
  type RunSummaryRow,
  requireRun,
  runTimeOf,
  type SeriesSummary,
  type StoredSample,
  samplesOf,
  seriesSummaries,
  type TaskRow,
  tagsOf,
  tasksOf,
} from '@tributary/run-store';
import type { ApiDeps } from './api-deps.js';

/** A run as one line of a list. */
export function runSummary(row: RunSummaryRow): RunSummaryDocument {
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

/** Everything that is known of a run. @throws TributaryError `RUN_NOT_FOUND` */
export async function runDocument({ db, objects }: Pick<ApiDeps, 'db' | 'objects'>, run: string): Promise<RunDocument> {
  const row = await requireRun(db, run);
  const [tasks, attempts, generations, series, checkpoints, lineage, samples, total, first, forks, tags, time] =
    await Promise.all([
      tasksOf(db, run),
      attemptsOf(db, run),
      generationsOf(db, run),
      seriesSummaries(db, run),
      listCheckpoints(db, run),
      lineageOf(db, run),
      samplesOf(db, run),
      countDivergences(db, run),
      divergencesOf(db, run, maxShownDivergences),
      forksOf(db, run),
      tagsOf(db, run),
      runTimeOf(db, run),
    ]);
  return {
    ...runSummary(row),
    tags,
    note: row.note,
    archivedAt: row.archivedAt?.toISOString() ?? null,
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
    generations: generations.map(
      ({ run: _, openedAt, endedAt, waitedMs: __, recovery: ___, time: ____, ...generation }) => ({
        ...generation,
        openedAt: openedAt.toISOString(),
        endedAt: endedAt?.toISOString() ?? null,
      }),
    ),
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
    init: await initReport(row, objects),
    divergences: { total, first: first.map(({ run: _, foundAt: __, ...divergence }) => divergence) },
    time,
    parent: row.parent === null ? null : { run: row.parent, step: row.parentStep ?? 0 },
    children: forks.map(({ run: child, parentStep, state }) => ({ run: child, step: parentStep ?? 0, state })),
  };
}

/** The report lies in the prepared run. */
async function initReport({ spec, preparedKey }: RunRow, objects: ObjectStore): Promise<InitReport | null> {
  if (spec.init === undefined || preparedKey === null) return null;
  if (!(await objects.has(preparedKey))) return null;
  const prepared = JSON.parse(new TextDecoder().decode(await objects.get(preparedKey))) as PreparedRun;
  return prepared.init?.report ?? null;
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
export function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
