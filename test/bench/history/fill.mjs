import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** The run with one long metric. */
export const longRun = 'bench-long';
export const longMetric = 'long';
/** The only experiment of both. */
export const experiment = 'bench';

/** A run's name in ours; MLflow's ids have 32 characters at most, so it is the id in both. */
export const nameOf = (run) => `bench-${String(run).padStart(8, '0')}`;
const firstMs = 1_767_225_600_000;
/** A run a minute and a half. */
const createdMs = (run) => firstMs + run * 90_000;
const rateOf = (run) => ['0.1', '0.01', '0.001', '0.0001'][run % 4];

/** In [0, 1), of 32 bits that look random. */
function lastValue(run, metric) {
  let mixed = Math.imul(run * 64 + metric, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
/** Falls to the last one. */
const valueAt = (run, metric, step, points) => lastValue(run, metric) + (points - step) / 100;
export const longValue = (step) => Math.sin(step / 1000);

/**
 * Fills both databases with the same runs, by COPY into the tables and indexes that each one's migrations have made: `runs` of
 * `metrics` with `points` each, and one more with `longPoints` of one metric. Then both are vacuumed and analysed.
 * @returns seconds and bytes of each
 */
export async function fill(ourUrl, mlflowUrl, size, report) {
  const ours = await inDatabase(ourUrl, (to) => fillOurs(to, size), 'ours', report);
  const mlflow = await inDatabase(mlflowUrl, (to) => fillMlflow(to, size), 'MLflow', report);
  return { seconds: ours.seconds, mib: ours.mib, mlflow_seconds: mlflow.seconds, mlflow_mib: mlflow.mib };
}

async function inDatabase(url, work, what, report) {
  const client = new pg.Client(url);
  await client.connect();
  const began = performance.now();
  try {
    // Foreign keys need no look-up for each of ten million rows: they hold.
    await client.query('set session_replication_role = replica');
    await work({
      query: (text, values) => client.query(text, values),
      copy: (table, columns, rows) => {
        const into = client.query(copyFrom(`copy ${table} (${columns}) from stdin`));
        return pipeline(Readable.from(chunksOf(rows), { objectMode: false }), into);
      },
    });
    await client.query('vacuum (freeze, analyze)');
    // What is left to be written to disk would disturb what is measured.
    await client.query('checkpoint');
    const { rows } = await client.query('select pg_database_size(current_database())::float8 as bytes');
    const [seconds, mib] = [(performance.now() - began) / 1000, rows[0].bytes / 2 ** 20].map(Math.round);
    report(`${what}: filled by COPY in ${seconds} s, ${mib} MiB`);
    return { seconds, mib };
  } finally {
    await client.end();
  }
}

const chunkLength = 256 * 1024;

/** Lines as COPY's text format, in large pieces. */
function* chunksOf(lines) {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < chunkLength) continue;
    yield Buffer.from(chunk, 'latin1');
    chunk = '';
  }
  if (chunk !== '') yield Buffer.from(chunk, 'latin1');
}

function* numbers(first, last) {
  for (let number = first; number <= last; number++) yield number;
}

function* mapped(values, lineOf) {
  for (const value of values) yield lineOf(value);
}

/** A line for each run and metric, or several as one text. */
function* grid(runs, metrics, lineOf) {
  for (let run = 1; run <= runs; run++) for (let metric = 0; metric < metrics; metric++) yield lineOf(run, metric);
}

async function fillOurs({ query, copy }, { runs, metrics, points, longPoints }) {
  const spec = JSON.stringify({ experiment, tasks: [{ name: 'spell' }], budget: { steps: points } });
  const runLine = (name, run, step) => {
    const at = new Date(createdMs(run)).toISOString();
    return `${name}\t${experiment}\tfinished\t1\t${step}\t${spec}\t{}\t${at}\t${at}\n`;
  };
  const columns = 'run, experiment, state, attempt, step, spec, files, created_at, ended_at';
  await copy(
    'runs',
    columns,
    mapped(numbers(1, runs), (run) => runLine(nameOf(run), run, points)),
  );
  await copy('runs', columns, [runLine(longRun, 0, longPoints)]);
  await copy(
    'run_params',
    'run, key, value, number',
    mapped(numbers(1, runs), (run) => `${nameOf(run)}\tlr\t${rateOf(run)}\t${rateOf(run)}\n`),
  );
  const longId = runs * metrics + 1;
  await query('select reserve_series($1)', [longId]);
  const idOf = (run, metric) => (run - 1) * metrics + metric + 1;
  const series = 'id, run, subject, series, kind, count, first_step, last_step, last, min, max';
  await copy(
    'series',
    series,
    grid(runs, metrics, (run, metric) => {
      const last = lastValue(run, metric);
      const summary = `${points}\t1\t${points}\t${last}\t${last}\t${valueAt(run, metric, 1, points)}`;
      return `${idOf(run, metric)}\t${nameOf(run)}\trun\tm${metric}\tpoint\t${summary}\n`;
    }),
  );
  await copy('series', series, [
    `${longId}\t${longRun}\trun\t${longMetric}\tpoint\t${longPoints}\t1\t${longPoints}\t${longValue(longPoints)}\t-1\t1\n`,
  ]);
  await query(`select setval('series_id_seq', $1)`, [longId]);
  await copy(
    'points',
    'series_id, step, value',
    grid(runs, metrics, (run, metric) => {
      const id = idOf(run, metric);
      let lines = '';
      for (let step = 1; step <= points; step++) lines += `${id}\t${step}\t${valueAt(run, metric, step, points)}\n`;
      return lines;
    }),
  );
  await copy(
    'points',
    'series_id, step, value',
    mapped(numbers(1, longPoints), (step) => `${longId}\t${step}\t${longValue(step)}\n`),
  );
}

async function fillMlflow({ query, copy }, { runs, metrics, points, longPoints }) {
  const { rows } = await query(
    `insert into experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time, workspace)
     values ($1::text, 'mlflow-artifacts:/' || $1::text, 'active', 0, 0, 'default') returning experiment_id`,
    [experiment],
  );
  const of = rows[0].experiment_id;
  const columns =
    'run_uuid, name, source_type, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id, user_id';
  const runLine = (name, run) =>
    `${name}\t${name}\tLOCAL\tFINISHED\t${createdMs(run)}\t${createdMs(run)}\tactive\tmlflow-artifacts:/x\t${of}\t\n`;
  await copy(
    'runs',
    columns,
    mapped(numbers(1, runs), (run) => runLine(nameOf(run), run)),
  );
  await copy('runs', columns, [runLine(longRun, 0)]);
  await copy(
    'params',
    'run_uuid, key, value',
    mapped(numbers(1, runs), (run) => `${nameOf(run)}\tlr\t${rateOf(run)}\n`),
  );
  const metric = 'run_uuid, key, value, timestamp, step, is_nan';
  const metricLine = (name, key, value, at, step) => `${name}\t${key}\t${value}\t${at}\t${step}\tf\n`;
  await copy(
    'latest_metrics',
    metric,
    grid(runs, metrics, (run, place) =>
      metricLine(nameOf(run), `m${place}`, lastValue(run, place), createdMs(run) + points, points),
    ),
  );
  await copy('latest_metrics', metric, [
    metricLine(longRun, longMetric, longValue(longPoints), longPoints, longPoints),
  ]);
  await copy(
    'metrics',
    metric,
    grid(runs, metrics, (run, place) => {
      const [name, began] = [nameOf(run), createdMs(run)];
      let lines = '';
      for (let step = 1; step <= points; step++)
        lines += metricLine(name, `m${place}`, valueAt(run, place, step, points), began + step, step);
      return lines;
    }),
  );
  await copy(
    'metrics',
    metric,
    mapped(numbers(1, longPoints), (step) => metricLine(longRun, longMetric, longValue(step), step, step)),
  );
}
