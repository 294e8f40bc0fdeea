import { deepStrictEqual, ok } from 'node:assert';
import { median } from '../shared/quartiles.mjs';
import { experiment, longMetric, longRun } from './fill.mjs';
import { ask } from './ground.mjs';

const runsSearch = '/api/2.0/mlflow/runs/search';
const pageSize = 100;

/** Median milliseconds of each side, measured in turn after one call that warms it, and what each gave last. */
async function inTurn(rounds, ours, theirs) {
  const results = [await ours(), await theirs()];
  const times = [[], []];
  for (let round = 0; round < rounds; round++)
    for (const [side, call] of [ours, theirs].entries()) {
      const began = performance.now();
      results[side] = await call();
      times[side].push(performance.now() - began);
    }
  return { ms: median(times[0]), mlflow_ms: median(times[1]), results };
}

/** What of a run must be the same on both sides: all that MLflow has and a user asked for. */
const essence = ({ info, data }) => ({
  run: info.run_id,
  status: info.status,
  start: info.start_time,
  metrics: Object.fromEntries((data.metrics ?? []).map(({ key, value, step }) => [key, [value, step]])),
  params: Object.fromEntries((data.params ?? []).map(({ key, value }) => [key, value])),
});
const sorted = (runs) =>
  runs.map(essence).map((run) => ({ ...run, metrics: Object.fromEntries(Object.entries(run.metrics).sort()) }));

/** Searches by the same requests to both, over HTTP; every run of a page must be the same, with its metrics and parameters. */
export async function searchCases(ground, rounds, deepAfter) {
  const { experiment: found } = await ask(
    ground.mlflowUrl,
    'GET',
    `/api/2.0/mlflow/experiments/get-by-name?experiment_name=${experiment}`,
  );
  const search = (side, body) => () =>
    ask(side === 'ours' ? ground.ourUrl : ground.mlflowUrl, 'POST', runsSearch, {
      experiment_ids: [side === 'ours' ? experiment : found.experiment_id],
      max_results: pageSize,
      ...body,
    });
  const cases = [];
  const measure = async (name, ours, theirs = ours) => {
    const { results, ...times } = await inTurn(rounds, search('ours', ours), search('theirs', theirs));
    deepStrictEqual(sorted(results[0].runs), sorted(results[1].runs), `${name}: not the same runs`);
    ok(results[0].runs.length > 0, `${name}: no runs`);
    cases.push({ name, ...times, runs: results[0].runs.length });
  };
  await measure('page, first of 100 runs', {});
  const deepToken = async (side) => {
    const { next_page_token } = await search(side, { max_results: deepAfter })();
    return next_page_token;
  };
  await measure(
    `page, 100 runs after ${deepAfter}`,
    { max_results: pageSize, page_token: await deepToken('ours') },
    { max_results: pageSize, page_token: await deepToken('theirs') },
  );
  await measure("filter, metric and parameter: metrics.m1 < 0.05 and params.lr = '0.001'", {
    filter: "metrics.m1 < 0.05 and params.lr = '0.001'",
  });
  await measure('order, by a metric', { order_by: ['metrics.m0 ASC'] });
  await measure('order, by a metric, of those with a parameter', {
    filter: "params.lr = '0.01'",
    order_by: ['metrics.m2 DESC'],
  });
  return cases;
}

/** The long history thinned for drawing. Each side keeps points of its own choice; both must be recorded ones. */
export async function seriesCases(ground, rounds, longPoints) {
  const query = `run_ids=${longRun}&metric_key=${longMetric}&max_results=320`;
  const path = `/api/2.0/mlflow/metrics/get-history-bulk-interval?${query}`;
  const { results, ...times } = await inTurn(
    Math.min(rounds, 3),
    () => ask(ground.ourUrl, 'GET', path),
    () => ask(ground.mlflowUrl, 'GET', path),
  );
  for (const { metrics } of results) {
    ok(metrics.length <= 640 && metrics.length > 100, `a thinned history has ${metrics.length} points`);
    for (const { step, value } of metrics)
      ok(Math.abs(value - Math.sin(step / 1000)) < 1e-9, `step ${step} is not as recorded`);
    ok(metrics.at(-1).step === longPoints, 'the last point is missing');
  }
  const [own, others] = results.map(({ metrics }) => metrics.map(({ value }) => value));
  return [
    {
      name: `series, ${longPoints} points to 320`,
      ...times,
      points: own.length,
      mlflow_points: others.length,
      // How much of the curve's height each kept.
      range: Math.max(...own) - Math.min(...own),
      mlflow_range: Math.max(...others) - Math.min(...others),
    },
  ];
}

/** Ten runs side by side: one request to ours; MLflow's clients fetch ten runs and put them side by side themselves. */
export async function compareCases(ground, rounds, runs) {
  const names = Array.from(
    { length: 10 },
    (_, place) => `bench-${String(1 + Math.floor((place * (runs - 1)) / 9)).padStart(8, '0')}`,
  );
  const { results, ...times } = await inTurn(
    rounds,
    () => ask(ground.ourUrl, 'GET', `/v1/compare?runs=${names.join(',')}`),
    () => Promise.all(names.map((run) => ask(ground.mlflowUrl, 'GET', `/api/2.0/mlflow/runs/get?run_id=${run}`))),
  );
  const theirs = results[1].map(({ run }) => essence(run).metrics);
  for (const { metric, values } of results[0].metrics)
    deepStrictEqual(
      values.map(({ last }) => last),
      theirs.map((metrics) => metrics[metric][0]),
      `${metric} is not the same`,
    );
  ok(results[0].metrics.length > 0, 'nothing was compared');
  return [{ name: 'compare, 10 runs', ...times, metrics: results[0].metrics.length }];
}
