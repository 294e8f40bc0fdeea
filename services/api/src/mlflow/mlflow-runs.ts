import { mlflowStatus } from '@tributary/filter';
import { contentsOf, type Db, type RunContents, type RunSummaryRow } from '@tributary/run-store';
import type { MlflowMetric, MlflowPair, MlflowRun } from './mlflow-documents.js';

/** Runs as MLflow has them. */
export async function mlflowRuns(db: Db, rows: readonly RunSummaryRow[]): Promise<MlflowRun[]> {
  const contents = await contentsOf(
    db,
    rows.map(({ run }) => run),
  );
  return rows.flatMap((row) => {
    const own = contents.get(row.run);
    return own === undefined ? [] : [mlflowRun(row, own)];
  });
}

function mlflowRun(row: RunSummaryRow, contents: RunContents): MlflowRun {
  const { run, experiment, state, createdAt, endedAt, archivedAt } = row;
  return {
    info: {
      ...{ run_id: run, run_uuid: run, run_name: run, experiment_id: experiment, user_id: '' },
      status: mlflowStatus(state),
      start_time: createdAt.getTime(),
      ...(endedAt === null ? {} : { end_time: endedAt.getTime() }),
      artifact_uri: `mlflow-artifacts:/${experiment}/${run}/artifacts`,
      lifecycle_stage: archivedAt === null ? 'active' : 'deleted',
    },
    data: {
      metrics: contents.metrics.map(({ metric, last, lastStep }) =>
        mlflowMetric(row, metric, { step: lastStep, value: last }),
      ),
      params: pairsOf(contents.params),
      tags: [...pairsOf(contents.tags), ...pairsOf(ownTags(row, contents))],
    },
    inputs: {},
    outputs: {},
  };
}

/** Points have a step and no time; MLflow wants one, and gets the run's start. */
export function mlflowMetric(
  { createdAt, startedAt }: Pick<RunSummaryRow, 'createdAt' | 'startedAt'>,
  key: string,
  { step, value }: { readonly step: number; readonly value: number },
): MlflowMetric {
  const written = Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');
  return { key, value: written, timestamp: (startedAt ?? createdAt).getTime(), step };
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
