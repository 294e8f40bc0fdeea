import { deepStrictEqual } from 'node:assert';
import { jetstream } from '@nats-io/jetstream';
import { encodeRunRecord } from '@tributary/protocol';
import pg from 'pg';
import { experiment } from './fill.mjs';
import { ask, inRotation } from './ground.mjs';
import { spread } from './in-turn.mjs';

/** Batches of each writer before the measured ones. */
const warmUpBatches = 2;

/**
 * Batches of points from several writers at once, each to a run of its own, until all are committed in Postgres, where readers
 * find them. MLflow's clients send a batch over HTTP and wait for its commit; ours do what a trainer does: they give it to
 * JetStream, which keeps it on disk, and the recorder commits many at once. `ack_ms` is how long a writer waits for a batch.
 * @param batches sizes of batches, with the points of a round: of MLflow fewer, as its rate does not depend on how many they are
 */
export async function logCases(ground, { batches, writers, rounds }) {
  const { experiment: found } = await ask(
    ground.mlflowUrl,
    'GET',
    `/api/2.0/mlflow/experiments/get-by-name?experiment_name=${experiment}`,
  );
  const [ours, theirs] = [new pg.Client(ground.ours.url), new pg.Client(ground.theirs.url)];
  await Promise.all([ours.connect(), theirs.connect()]);
  const sides = [tributary(ground, ours), mlflow(ground, theirs, found.experiment_id)];
  const cases = [];
  try {
    for (const { size, ...points } of batches)
      for (const concurrency of writers) {
        const rates = [[], []];
        const acks = [[], []];
        const each = [points.points, points.mlflowPoints].map((all) =>
          Math.max(2, Math.round(all / size / concurrency)),
        );
        for (let round = -1; round < rounds; round++)
          for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
            const names = Array.from(
              { length: concurrency },
              (_, writer) => `log-${size}-${concurrency}-${round}-${writer}`,
            );
            const measured = await timed(sides[side], names, round < 0 ? warmUpBatches : each[side], size);
            if (round < 0) continue;
            rates[side].push(measured.pointsPerSecond);
            acks[side].push(measured.ackMs);
          }
        const name = `log: batches of ${size}, ${concurrency} at once`;
        const [own, other] = [
          spread(rates[0], '', 'points_per_second'),
          spread(rates[1], 'mlflow_', 'points_per_second'),
        ];
        cases.push({
          name,
          ...own,
          ...other,
          ...spread(acks[0], '', 'ack_ms'),
          ...spread(acks[1], 'mlflow_', 'ack_ms'),
          ...{ rounds, points: concurrency * each[0] * size, mlflow_points: concurrency * each[1] * size },
          ratio_vs_mlflow: own.points_per_second / other.mlflow_points_per_second,
        });
      }
  } finally {
    await Promise.all([ours.end(), theirs.end()]);
  }
  return cases;
}

async function timed({ create, write, committed }, names, batches, size) {
  const runs = await create(names);
  const began = performance.now();
  let waitedMs = 0;
  await Promise.all(
    runs.map(async (run) => {
      for (let batch = 0; batch < batches; batch++) {
        const points = pointsOf(batch, size);
        const asked = performance.now();
        await write(run, points);
        waitedMs += performance.now() - asked;
      }
    }),
  );
  const total = runs.length * batches * size;
  await committed(runs, total);
  const seconds = (performance.now() - began) / 1000;
  return { pointsPerSecond: total / seconds, ackMs: waitedMs / (runs.length * batches) };
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

/** A minute: a recorder that does not write is no figure. */
const patienceMs = 60_000;

function tributary({ names, nats }, database) {
  const stream = jetstream(nats);
  return {
    create: async (runs) => {
      await database.query(
        `insert into runs (run, experiment, state, attempt, spec, files)
         select unnest($1::text[]), 'log', 'running', 1, '{"tasks":[]}', '{}'`,
        [runs],
      );
      return runs;
    },
    write: async (run, points) => {
      const values = points.map(({ key, step, value }) => ({ subject: 'run', series: key, step, value }));
      const of = { run, attempt: 1, generation: 1, member: 0 };
      const record = { ...of, kind: 'points', points: values, timings: [], tokens: 0 };
      await stream.publish(names.records(run), encodeRunRecord(record), { timeout: 60_000 });
    },
    committed: async (runs, total) => {
      for (const until = performance.now() + patienceMs; ; ) {
        const { rows } = await database.query(
          'select coalesce(sum(count), 0)::float8 as points from series where run = any($1)',
          [runs],
        );
        if (rows[0].points === total) return;
        if (performance.now() > until)
          throw new Error(`${rows[0].points} of ${total} points were recorded in a minute`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

function mlflow({ mlflowUrl }, database, experimentId) {
  const post = (path, body) => ask(mlflowUrl, 'POST', `/api/2.0/mlflow/runs/${path}`, body, inRotation);
  return {
    create: async (runs) => {
      const created = await Promise.all(
        runs.map((run_name) => post('create', { experiment_id: experimentId, run_name })),
      );
      return created.map(({ run }) => run.info.run_id);
    },
    write: async (run_id, points) => {
      await post('log-batch', { run_id, metrics: points.map((point) => ({ ...point, timestamp: point.step })) });
    },
    // An answer means that it is.
    committed: async (runs, total) => {
      const { rows } = await database.query('select count(*)::float8 as points from metrics where run_uuid = any($1)', [
        runs,
      ]);
      deepStrictEqual(rows[0].points, total, 'MLflow has other points');
    },
  };
}
