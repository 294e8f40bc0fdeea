import { ok } from 'node:assert';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { experiment, longRun } from './fill.mjs';
import { ask, drain, inRotation, withPeak } from './ground.mjs';

/** MLflow has no export: its clients read run by run. So many at once keep its workers busy. */
const readers = 8;

/** Everything that both have of the filled runs, to a reader that keeps nothing; of MLflow's some runs, as its clients read them. */
export async function exportCases(ground, { runs, metrics, points, longPoints }, sample) {
  const all = runs * metrics * points + longPoints;
  let began = performance.now();
  const own = await withPeak(ground.api.child.pid, () =>
    drain(ground.ourUrl, '/v1/export', { runs: null, format: 'jsonl' }),
  );
  const ms = performance.now() - began;
  began = performance.now();
  const theirs = await withPeak(ground.mlflow.child.pid, () => readMlflow(ground, sample));
  const theirMs = ((performance.now() - began) * runs) / sample;
  ok(theirs.result === sample * metrics * points, `MLflow gave ${theirs.result} points`);
  return [
    {
      name: 'export: everything as JSON lines',
      ms,
      mlflow_ms: theirMs,
      mlflow_extrapolated_from_runs: sample,
      rounds: 1,
      points: all,
      bytes: own.result,
      peak_mib: own.peakMib,
      before_mib: own.beforeMib,
      mlflow_peak_mib: theirs.peakMib,
      mlflow_before_mib: theirs.beforeMib,
    },
  ];
}

/** @returns how many points came */
async function readMlflow({ mlflowUrl }, sample) {
  const { experiment: found } = await ask(
    mlflowUrl,
    'GET',
    `/api/2.0/mlflow/experiments/get-by-name?experiment_name=${experiment}`,
  );
  const { runs } = await ask(mlflowUrl, 'POST', '/api/2.0/mlflow/runs/search', {
    experiment_ids: [found.experiment_id],
    max_results: sample,
  });
  const left = runs.flatMap(({ info, data }) => data.metrics.map(({ key }) => ({ run: info.run_id, key })));
  let read = 0;
  await Promise.all(
    Array.from({ length: readers }, async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const query = `run_id=${next.run}&metric_key=${next.key}`;
        const { metrics } = await ask(
          mlflowUrl,
          'GET',
          `/api/2.0/mlflow/metrics/get-history?${query}`,
          undefined,
          inRotation,
        );
        read += metrics.length;
      }
    }),
  );
  return read;
}

/** The long run, for good: `runs delete` and its purge, and `mlflow gc`, whose start is part of it. */
export async function purgeCases(ground, longPoints) {
  const series = await rowsOf(ground.ours.url, 'select id from series where run = $1', [longRun]);
  const ids = series.map(({ id }) => id);
  let began = performance.now();
  const own = await withPeak(ground.api.child.pid, async () => {
    await ask(ground.ourUrl, 'POST', '/v1/runs/delete', { runs: [longRun] });
    while ((await ask(ground.ourUrl, 'POST', '/v1/runs/purge?waitMs=20000')).purging > 0);
  });
  const ms = performance.now() - began;
  began = performance.now();
  await ask(ground.mlflowUrl, 'POST', '/api/2.0/mlflow/runs/delete', { run_id: longRun });
  const gc = promisify(execFile)(
    ground.mlflowPython,
    ['-m', 'mlflow', 'gc', '--backend-store-uri', ground.storeUri, '--run-ids', longRun],
    { env: { ...ground.mlflowEnv, MLFLOW_TRACKING_URI: ground.mlflowUrl }, maxBuffer: 1e8 },
  );
  const theirs = await withPeak(gc.child.pid, () => gc);
  const mlflow_ms = performance.now() - began;
  for (const [url, text, values] of [
    [ground.ours.url, 'select count(*)::int as left from runs where run = $1', [longRun]],
    [ground.ours.url, 'select count(*)::int as left from points where series_id = any($1)', [ids]],
    [ground.theirs.url, 'select count(*)::int as left from metrics where run_uuid = $1', [longRun]],
  ]) {
    const [{ left }] = await rowsOf(url, text, values);
    ok(left === 0, `after the purge, "${text}" gives ${left}`);
  }
  return [
    {
      name: `purge: a run of ${longPoints} points`,
      ms,
      mlflow_ms,
      rounds: 1,
      peak_mib: own.peakMib,
      before_mib: own.beforeMib,
      mlflow_peak_mib: theirs.peakMib,
    },
  ];
}

async function rowsOf(url, text, values) {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(text, values).finally(() => client.end());
  return rows;
}
