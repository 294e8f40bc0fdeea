import { runStates } from '@tributary/protocol';
import type { RandomStream } from '@tributary/random';
import type { RunDatabase } from '../database.js';
import type { PlainRun } from './evaluate-condition.fixture.js';

/** What runs and filters are drawn from: few values, so that runs are equal often and filters hit. */
export const words = {
  metrics: ['loss', 'a.train.loss', 'a.accuracy'],
  params: ['optimizer.learningRate', 'model.kind', 'mixed'],
  tags: ['owner', 'a b', 'mlflow.user'],
  texts: ['', 'a', 'A', 'aé', 'É', 'b_%', 'ab\\', "o'clock", '0.5', 'true'],
  numbers: [-1, 0, 0.5, 1, 1e-7, 256],
  losses: [-1, 0, 0.5, 1, 2, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  runs: ['words-1', 'words-2', 'other-3'],
  experiments: ['words', 'other'],
  steps: [0, 1, 2, 1000],
};
export const epochMs = Date.parse('2026-11-01T00:00:00Z');
export const dayMs = 86_400_000;

export const pick = <T>(stream: RandomStream, of: readonly T[]): T => of[stream.below(of.length)] as T;
const maybe = <T>(stream: RandomStream, value: T): T | null => (stream.below(3) === 0 ? null : value);
const some = <T>(stream: RandomStream, keys: readonly string[], value: () => T): Record<string, T> =>
  Object.fromEntries(keys.filter(() => stream.below(3) > 0).map((key) => [key, value()]));

export function randomRun(stream: RandomStream, run: string): PlainRun {
  // Whole days, so that many begin at once.
  const time = () => new Date(epochMs + stream.below(6) * dayMs);
  return {
    run,
    experiment: pick(stream, words.experiments),
    state: pick(stream, runStates),
    reason: maybe(stream, pick(stream, words.texts)),
    step: pick(stream, words.steps),
    targetSteps: maybe(stream, pick(stream, words.steps)),
    attempt: stream.below(3),
    created: time(),
    started: maybe(stream, time()),
    ended: maybe(stream, time()),
    parent: maybe(stream, pick(stream, words.runs)),
    archived: stream.below(6) === 0 ? time() : null,
    deleted: stream.below(10) === 0 ? time() : null,
    note: maybe(stream, pick(stream, words.texts)),
    stateHash: maybe(stream, pick(stream, ['aa', 'bb'])),
    commits: [...new Set([0, 1].filter(() => stream.below(2) === 0).map(() => pick(stream, words.texts)))],
    metrics: some(stream, words.metrics, () => {
      const value = pick(stream, words.losses);
      // Of nothing but NaN there is neither a least nor a greatest value.
      if (Number.isNaN(value) && stream.below(2) === 0) return { last: value, min: null, max: null };
      return { last: value, min: pick(stream, [-1, 0, 0.5]), max: pick(stream, [1, 2, Number.POSITIVE_INFINITY]) };
    }),
    params: some(stream, words.params, () => {
      const number = pick(stream, words.numbers);
      return stream.below(2) === 0
        ? { value: JSON.stringify(number), number }
        : { value: pick(stream, words.texts), number: null };
    }),
    tags: some(stream, words.tags, () => pick(stream, words.texts)),
  };
}

/** Puts runs into the tables as they are. */
export async function insertRuns(db: RunDatabase, runs: readonly PlainRun[]): Promise<void> {
  await db
    .insertInto('runs')
    .values(
      runs.map((run) => ({
        ...{ run: run.run, experiment: run.experiment, state: run.state, reason: run.reason, step: run.step },
        ...{ targetSteps: run.targetSteps, attempt: run.attempt, note: run.note, stateHash: run.stateHash },
        ...{ createdAt: run.created, startedAt: run.started, endedAt: run.ended },
        ...{ archivedAt: run.archived, deletedAt: run.deleted },
        ...{ parent: run.parent, parentStep: run.parent === null ? null : 1, spec: '{}', files: '{}' },
      })),
    )
    .execute();
  const rows = <T extends object>(of: (run: PlainRun) => T[]) =>
    runs.flatMap((run) => of(run).map((row) => ({ run: run.run, ...row })));
  const series = rows(({ metrics }) =>
    Object.entries(metrics).map(([metric, summary]) => ({ ...placeOf(metric), kind: 'point' as const, ...summary })),
  );
  const params = rows((run) => Object.entries(run.params).map(([key, param]) => ({ key, ...param })));
  const tags = rows((run) => Object.entries(run.tags).map(([key, value]) => ({ key, value })));
  const lineage = rows(({ commits }) =>
    commits.map((value, place) => ({ attempt: 1, generation: place + 1, member: 0, key: 'commit', value })),
  );
  if (series.length > 0) await db.insertInto('series').values(series).execute();
  if (params.length > 0) await db.insertInto('runParams').values(params).execute();
  if (tags.length > 0) await db.insertInto('runTags').values(tags).execute();
  if (lineage.length > 0) await db.insertInto('lineage').values(lineage).execute();
}

/** Where a metric of this name is recorded. */
function placeOf(metric: string): { readonly subject: string; readonly series: string } {
  const dot = metric.indexOf('.');
  return dot < 0
    ? { subject: 'run', series: metric }
    : { subject: `task:${metric.slice(0, dot)}`, series: metric.slice(dot + 1) };
}
