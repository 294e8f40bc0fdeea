import { mlflowStatus } from '@tributary/filter';
import { contentsOf, type Db, type LastValue, type RunContents, type RunSummaryRow } from '@tributary/run-store';
import type { MlflowMetric, MlflowPair, MlflowRun } from './mlflow-documents.js';

/**
 * Runs as MLflow has them, each as JSON. A page has thousands of metrics: their lines are put together as text, not as documents
 * that are then written.
 */
export async function mlflowRuns(db: Db, rows: readonly RunSummaryRow[]): Promise<string[]> {
  const contents = await contentsOf(
    db,
    rows.map(({ run }) => run),
  );
  const keys = new Map<string, string>();
  return rows.flatMap((row) => {
    const own = contents.get(row.run);
    return own === undefined ? [] : [mlflowRun(row, own, keys)];
  });
}

/** @param keys beginnings of metrics' lines by their names, which runs share */
function mlflowRun(row: RunSummaryRow, contents: RunContents, keys: Map<string, string>): string {
  const { run, experiment, state, createdAt, endedAt, archivedAt } = row;
  const info: MlflowRun['info'] = {
    ...{ run_id: run, run_uuid: run, run_name: run, experiment_id: experiment, user_id: '' },
    status: mlflowStatus(state),
    start_time: createdAt.getTime(),
    ...(endedAt === null ? {} : { end_time: endedAt.getTime() }),
    artifact_uri: `mlflow-artifacts:/${experiment}/${run}/artifacts`,
    lifecycle_stage: archivedAt === null ? 'active' : 'deleted',
  };
  const labels: Omit<MlflowRun['data'], 'metrics'> = {
    params: pairsOf(contents.params),
    tags: [...pairsOf(contents.tags), ...pairsOf(ownTags(row, contents))],
  };
  const metrics = metricLines(row, contents.metrics, keys);
  return `{"info":${JSON.stringify(info)},"data":{"metrics":[${metrics}],${JSON.stringify(labels).slice(1)},"inputs":{},"outputs":{}}`;
}

/** As {@link mlflowMetric} has them. */
function metricLines(row: RunTimes, metrics: readonly LastValue[], keys: Map<string, string>): string {
  const between = `,"timestamp":${timestampOf(row)},"step":`;
  let lines = '';
  for (const { metric, last, lastStep } of metrics) {
    let key = keys.get(metric);
    if (key === undefined) {
      key = `{"key":${JSON.stringify(metric)},"value":`;
      keys.set(metric, key);
    }
    // Only NaN and the infinities have letters at their end.
    const value = last.endsWith('N') || last.endsWith('y') ? `"${last}"` : last;
    lines += `${lines === '' ? '' : ','}${key}${value}${between}${lastStep}}`;
  }
  return lines;
}

type RunTimes = Pick<RunSummaryRow, 'createdAt' | 'startedAt'>;

/** Points have a step and no time; MLflow wants one, and gets the run's start. */
const timestampOf = ({ createdAt, startedAt }: RunTimes): number => (startedAt ?? createdAt).getTime();

export function mlflowMetric(
  run: RunTimes,
  key: string,
  { step, value }: { readonly step: number; readonly value: number },
): MlflowMetric {
  const written = Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');
  return { key, value: written, timestamp: timestampOf(run), step };
}

/** What MLflow keeps in tags of its own, and what of ours has no place there. */
function ownTags(
  { run, state, step, stateHash, reason }: RunSummaryRow,
  { note, parent, commit }: RunContents,
): Readonly<Record<string, string | null>> {
  return {
    'mlflow.runName': run,
    'mlflow.note.content': note,
    'mlflow.parentRunId': parent,
    'mlflow.source.git.commit': commit,
    'tributary.state': state,
    'tributary.step': String(step),
    'tributary.state_hash': stateHash,
    'tributary.reason': reason,
  };
}

function pairsOf(entries: Readonly<Record<string, string | null>>): MlflowPair[] {
  return Object.entries(entries).flatMap(([key, value]) => (value === null ? [] : [{ key, value }]));
}
