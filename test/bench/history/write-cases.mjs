import { deepStrictEqual, ok } from 'node:assert';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { jetstream } from '@nats-io/jetstream';
import { encodeRunRecord } from '@tributary/protocol';
import pg from 'pg';
import { report } from '../shared/run-bench.mjs';
import { experiment, longRun } from './fill.mjs';
import { ask, drain, withPeak } from './ground.mjs';

/**
 * Batches of points from several writers at once, each to a run of its own, until all are committed in Postgres. MLflow's clients
 * send a batch over HTTP and wait for its commit; ours give it to JetStream, which keeps it on disk, and the recorder commits many
 * at once. Both are durable when acknowledged; `ack_ms` is how long a writer waits for that, where training would block.
 */
export async function logCases(ground, { sizes, writers, points }) {
  const { experiment: found } = await ask(
    ground.mlflowUrl,
    'GET',
    `/api/2.0/mlflow/experiments/get-by-name?experiment_name=${experiment}`,
  );
  const stream = jetstream(ground.nats);
  const [ours, theirs] = [new pg.Client(ground.ours.url), new pg.Client(ground.theirs.url)];
  await Promise.all([ours.connect(), theirs.connect()]);
  const cases = [];
  try {
    for (const size of sizes)
      for (const concurrency of writers) {
        const batches = Math.max(2, Math.round(points / Math.max(size, 5) / concurrency));
        const id = `${size}-${concurrency}`;
        const runs = Array.from({ length: concurrency }, (_, writer) => `log-${id}-${writer}`);
        await ours.query(
          `insert into runs (run, experiment, state, attempt, spec, files)
           select unnest($1::text[]), 'log', 'running', 1, '{"tasks":[]}', '{}'`,
          [runs],
        );
        const own = await timedWriters(runs, batches, async (run, batch) => {
          const values = pointsOf(batch, size).map(({ key, step, value }) => ({
            subject: 'run',
            series: key,
            step,
            value,
          }));
          const record = {
            run,
            attempt: 1,
            generation: 1,
            member: 0,
            kind: 'points',
            points: values,
            timings: [],
            tokens: 0,
          };
          await stream.publish(ground.names.records(run), encodeRunRecord(record), { timeout: 60_000 });
        });
        const total = concurrency * batches * size;
        await until(async () => {
          const { rows } = await ours.query(
            'select coalesce(sum(count), 0)::float8 as points from series where run = any($1)',
            [runs],
          );
          return rows[0].points === total;
        });
        const ourSeconds = (performance.now() - own.began) / 1000;
        const created = await Promise.all(
          runs.map((name) =>
            ask(ground.mlflowUrl, 'POST', '/api/2.0/mlflow/runs/create', {
              experiment_id: found.experiment_id,
              run_name: name,
            }),
          ),
        );
        const ids = created.map(({ run }) => run.info.run_id);
        const other = await timedWriters(ids, batches, async (run_id, batch) => {
          const metrics = pointsOf(batch, size).map((point) => ({ ...point, timestamp: point.step }));
          await ask(ground.mlflowUrl, 'POST', '/api/2.0/mlflow/runs/log-batch', { run_id, metrics });
        });
        const theirSeconds = (performance.now() - other.began) / 1000;
        const { rows } = await theirs.query('select count(*)::float8 as points from metrics where run_uuid = any($1)', [
          ids,
        ]);
        deepStrictEqual(rows[0].points, total, 'MLflow has other points');
        cases.push({
          name: `log, batches of ${size}, ${concurrency} at once`,
          points_per_second: total / ourSeconds,
          mlflow_points_per_second: total / theirSeconds,
          ack_ms: own.meanMs,
          mlflow_ack_ms: other.meanMs,
          ratio_vs_mlflow: theirSeconds / ourSeconds,
        });
        report(
          `${cases.at(-1).name}: ${Math.round(total / ourSeconds)} points/s, MLflow ${Math.round(total / theirSeconds)}`,
        );
      }
  } finally {
    await Promise.all([ours.end(), theirs.end()]);
  }
  return cases;
}

/** Of five metrics, several steps in a batch: as training has them. */
function pointsOf(batch, size) {
  const metrics = Math.min(5, size);
  return Array.from({ length: size }, (_, index) => ({
    key: `m${index % metrics}`,
    step: (batch * size) / metrics + Math.floor(index / metrics) + 1,
    value: Math.sin(batch * size + index),
  }));
}

async function timedWriters(runs, batches, write) {
  const began = performance.now();
  let waitedMs = 0;
  await Promise.all(
    runs.map(async (run) => {
      for (let batch = 0; batch < batches; batch++) {
        const asked = performance.now();
        await write(run, batch);
        waitedMs += performance.now() - asked;
      }
    }),
  );
  return { began, meanMs: waitedMs / (runs.length * batches) };
}

async function until(check) {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Everything that both have of the filled runs, to a reader that keeps nothing; MLflow has no export, so its clients read run by run. */
export async function exportCases(ground, { runs, metrics, points, longPoints }, sample) {
  const all = runs * metrics * points + longPoints;
  let began = performance.now();
  const own = await withPeak(ground.api.child.pid, () =>
    drain(ground.ourUrl, '/v1/export', { runs: null, format: 'jsonl' }),
  );
  const seconds = (performance.now() - began) / 1000;
  const names = Array.from(
    { length: Math.min(sample, runs) },
    (_, index) => `bench-${String(index + 1).padStart(8, '0')}`,
  );
  began = performance.now();
  let read = 0;
  for (const run_id of names) {
    const { run } = await ask(ground.mlflowUrl, 'GET', `/api/2.0/mlflow/runs/get?run_id=${run_id}`);
    for (const { key } of run.data.metrics) {
      const { metrics: history } = await ask(
        ground.mlflowUrl,
        'GET',
        `/api/2.0/mlflow/metrics/get-history?run_id=${run_id}&metric_key=${key}`,
      );
      read += history.length;
    }
  }
  ok(read === names.length * metrics * points, `MLflow gave ${read} points`);
  const theirSeconds = (((performance.now() - began) / 1000) * runs) / names.length;
  return [
    {
      name: 'export, everything as JSON lines',
      ms: seconds * 1000,
      mlflow_ms: theirSeconds * 1000,
      mlflow_extrapolated_from_runs: names.length,
      points: all,
      bytes: own.result,
      peak_mib: own.peakMib,
    },
  ];
}

/** The long run, for good: `runs delete` and its purge, and `mlflow gc`. */
export async function purgeCases(ground, longPoints) {
  let began = performance.now();
  const own = await withPeak(ground.api.child.pid, async () => {
    await ask(ground.ourUrl, 'POST', '/v1/runs/delete', { runs: [longRun] });
    await until(async () => (await ask(ground.ourUrl, 'POST', '/v1/runs/purge?waitMs=20000')).purging === 0);
  });
  const ms = performance.now() - began;
  await ask(ground.mlflowUrl, 'POST', '/api/2.0/mlflow/runs/delete', { run_id: longRun });
  began = performance.now();
  const gc = promisify(execFile)(
    ground.mlflowPython,
    ['-m', 'mlflow', 'gc', '--backend-store-uri', ground.storeUri, '--run-ids', longRun],
    { env: { ...ground.mlflowEnv, MLFLOW_TRACKING_URI: ground.mlflowUrl } },
  );
  const theirs = await withPeak(gc.child.pid, () => gc);
  const mlflow_ms = performance.now() - began;
  for (const [url, text] of [
    [ground.ours.url, `select count(*)::int as left from runs where run = $1`],
    [ground.theirs.url, `select count(*)::int as left from metrics where run_uuid = $1`],
  ]) {
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query(text, [longRun]).finally(() => client.end());
    ok(rows[0].left === 0, `${url}: ${rows[0].left} rows are left`);
  }
  return [
    {
      name: `purge, a run of ${longPoints} points`,
      ms,
      mlflow_ms,
      peak_mib: own.peakMib,
      mlflow_peak_mib: theirs.peakMib,
    },
  ];
}
