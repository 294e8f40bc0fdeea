import pg from 'pg';

/** The run with one long metric. */
export const longRun = 'bench-long';
export const longMetric = 'long';
/** The only experiment of both. */
export const experiment = 'bench';

/** A run's name in ours; MLflow's ids have 32 characters at most, so it is the id in both. */
const name = `'bench-' || lpad(run::text, 8, '0')`;
/** Equal in both databases: the same expression, computed by the same server. */
const lastValue = `(hashint8((run * 100 + metric)::bigint)::float8 / 4294967296 + 0.5)`;
const value = `(${lastValue} + (points - step)::float8 / 100)`;
const rate = `(array['0.1', '0.01', '0.001', '0.0001'])[1 + run % 4]`;
const longValue = `sin(step::float8 / 1000)`;
const createdMs = `1767225600000 + run * 90000`;

/**
 * Fills both databases with the same runs, in bulk and inside the server: `runs` of `metrics` with `points` each, and one more with
 * `longPoints` of one metric.
 */
export async function fill(ourUrl, mlflowUrl, size, report) {
  await inDatabase(ourUrl, (query) => fillOurs(query, size), 'ours', report);
  await inDatabase(mlflowUrl, (query) => fillMlflow(query, size), 'MLflow', report);
}

async function inDatabase(url, work, what, report) {
  const client = new pg.Client(url);
  await client.connect();
  const began = performance.now();
  try {
    await client.query('set synchronous_commit = off');
    await work((text) => client.query(text));
    await client.query('vacuum analyze');
    const { rows } = await client.query('select pg_database_size(current_database())::float8 as bytes');
    const seconds = Math.round((performance.now() - began) / 1000);
    report(`${what}: filled in ${seconds} s, ${(rows[0].bytes / 2 ** 20).toFixed(0)} MiB`);
  } finally {
    await client.end();
  }
}

async function fillOurs(query, { runs, metrics, points, longPoints }) {
  const spec = JSON.stringify({ experiment, tasks: [{ name: 'spell' }], budget: { steps: points } });
  const ended = `'${spec}', '{}', to_timestamp((${createdMs}) / 1000.0), to_timestamp((${createdMs}) / 1000.0)`;
  const columns = 'run, experiment, state, attempt, step, spec, files, created_at, ended_at';
  await query(`select reserve_series(${runs * metrics + 1})`);
  await query(`insert into runs (${columns}) select ${name}, '${experiment}', 'finished', 1, ${points}, ${ended}
    from generate_series(1, ${runs}) run`);
  await query(`insert into runs (${columns}) select '${longRun}', '${experiment}', 'finished', 1, ${longPoints}, ${ended}
    from (select 0 as run) origin`);
  await query(`insert into run_params (run, key, value, number) select ${name}, 'lr', ${rate}, (${rate})::float8
    from generate_series(1, ${runs}) run`);
  await query(`insert into series (run, subject, series, kind, count, first_step, last_step, last, min, max)
    select ${name}, 'run', 'm' || metric, 'point', ${points}, 1, ${points}, ${lastValue}, ${lastValue},
      ${value.replace('points', points).replace('step', '1')}
    from generate_series(1, ${runs}) run, generate_series(0, ${metrics - 1}) metric order by run, metric`);
  await query(`insert into points (series_id, step, value)
    select (run - 1) * ${metrics} + metric + 1, step, ${value.replace('points', points)}
    from generate_series(1, ${runs}) run, generate_series(0, ${metrics - 1}) metric, generate_series(1, ${points}) step`);
  await query(`insert into series (run, subject, series, kind, count, first_step, last_step, last, min, max)
    values ('${longRun}', 'run', '${longMetric}', 'point', ${longPoints}, 1, ${longPoints}, sin(${longPoints}::float8 / 1000), -1, 1)`);
  await query(`insert into points (series_id, step, value)
    select series.id, step, ${longValue} from series, generate_series(1, ${longPoints}) step where run = '${longRun}'`);
}

async function fillMlflow(query, { runs, metrics, points, longPoints }) {
  await query(`insert into experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time, workspace)
    values ('${experiment}', 'mlflow-artifacts:/${experiment}', 'active', 0, 0, 'default')`);
  const columns =
    'run_uuid, name, source_type, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id, user_id';
  const row = (id) =>
    `select ${id}, ${id}, 'LOCAL', 'FINISHED', ${createdMs}, ${createdMs}, 'active', 'mlflow-artifacts:/x', experiment_id, ''`;
  const ours = `(select experiment_id from experiments where name = '${experiment}') experiment`;
  await query(`insert into runs (${columns}) ${row(name)} from generate_series(1, ${runs}) run, ${ours}`);
  await query(`insert into runs (${columns}) ${row(`'${longRun}'`)} from (select 0 as run) origin, ${ours}`);
  await query(
    `insert into params (run_uuid, key, value) select ${name}, 'lr', ${rate} from generate_series(1, ${runs}) run`,
  );
  const grid = `generate_series(1, ${runs}) run, generate_series(0, ${metrics - 1}) metric`;
  await query(`insert into latest_metrics (run_uuid, key, value, timestamp, step, is_nan)
    select ${name}, 'm' || metric, ${lastValue}, ${createdMs}, ${points}, false from ${grid}`);
  await query(`insert into metrics (run_uuid, key, value, timestamp, step, is_nan)
    select ${name}, 'm' || metric, ${value.replace('points', points)}, ${createdMs} + step, step, false
    from ${grid}, generate_series(1, ${points}) step`);
  await query(`insert into latest_metrics (run_uuid, key, value, timestamp, step, is_nan)
    values ('${longRun}', '${longMetric}', sin(${longPoints}::float8 / 1000), 0, ${longPoints}, false)`);
  await query(`insert into metrics (run_uuid, key, value, timestamp, step, is_nan)
    select '${longRun}', '${longMetric}', ${longValue}, step, step, false from generate_series(1, ${longPoints}) step`);
}
