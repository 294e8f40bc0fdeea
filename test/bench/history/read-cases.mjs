import { deepStrictEqual, ok } from 'node:assert';
import { experiment, longMetric, longRun, longValue, nameOf } from './fill.mjs';
import { ask, askText } from './ground.mjs';
import { inTurn } from './in-turn.mjs';

const runsSearch = '/api/2.0/mlflow/runs/search';
const pageSize = 100;
/** Runs of a page on the way to a deep one. */
const stride = 1_000;

/** What of a run must be the same on both sides: all that MLflow has and a user asked for. */
const essence = ({ info, data }) => ({
  run: info.run_id,
  status: info.status,
  start: info.start_time,
  metrics: Object.fromEntries((data.metrics ?? []).map(({ key, value, step }) => [key, [value, step]]).sort()),
  params: Object.fromEntries((data.params ?? []).map(({ key, value }) => [key, value])),
});

/** MLflow's searches, and the same lists by our own API. */
const searches = (deepAfter) => [
  { name: 'page: first', of: `${pageSize} runs` },
  { name: 'page: deep', of: `${pageSize} runs after ${deepAfter}`, after: deepAfter },
  {
    name: 'filter: metric and parameter',
    of: "metrics.m1 < 0.05 and params.lr = '0.001'",
    filter: "metrics.m1 < 0.05 and params.lr = '0.001'",
  },
  { name: 'order: by metric', of: 'metrics.m0 ASC', order: 'metrics.m0 ASC' },
  {
    name: 'order: by metric, of those with a parameter',
    of: "metrics.m2 DESC, params.lr = '0.01'",
    filter: "params.lr = '0.01'",
    order: 'metrics.m2 DESC',
  },
];

/**
 * Searches over HTTP, until the last byte has come. By MLflow's protocol, the same requests to both: every run of a page must be
 * the same, with its metrics and parameters. By our own API beside MLflow's search: the same runs in the same order, but ours has of
 * their metrics and parameters only those that were asked for.
 */
export async function searchCases(ground, rounds, deepAfter) {
  const { experiment: found } = await ask(
    ground.mlflowUrl,
    'GET',
    `/api/2.0/mlflow/experiments/get-by-name?experiment_name=${experiment}`,
  );
  const search = (base, id, body) => () =>
    askText(base, 'POST', runsSearch, { experiment_ids: [id], max_results: pageSize, ...body });
  const cases = [];
  for (const { name, of, filter, order, after } of searches(deepAfter)) {
    const query = { ...(filter && { filter }), ...(order && { order_by: [order] }) };
    const theirPage = after && { page_token: Buffer.from(JSON.stringify({ offset: after })).toString('base64') };
    const theirs = search(ground.mlflowUrl, found.experiment_id, { ...query, ...theirPage });
    const ourPage = after && { page_token: await deepToken(ground, after) };
    const ours = search(ground.ourUrl, experiment, { ...query, ...ourPage });
    const { results, ...times } = await inTurn(rounds, ours, theirs, JSON.parse);
    const [own, other] = results.map(({ runs }) => runs.map(essence));
    deepStrictEqual(own, other, `${name}: not the same runs`);
    ok(own.length > 0, `${name}: no runs`);
    const titled = (title) => `${title} (${of})`;
    cases.push({ name: titled(name), ...times, runs: own.length, metrics: own.length * 50 });

    const list = async (page, limit = pageSize) => {
      const asked = { experiment, limit: String(limit), ...(filter && { filter }), ...(order && { order }), ...page };
      return await askText(ground.ourUrl, 'GET', `/v1/runs?${new URLSearchParams(asked)}`);
    };
    const listPage = after && { page: await deepListToken(list, after) };
    const { results: lists, ...listTimes } = await inTurn(rounds, () => list(listPage), theirs, JSON.parse);
    deepStrictEqual(
      lists[0].runs.map(({ run }) => run),
      lists[1].runs.map(({ info }) => info.run_id),
      `${name}: not the same runs by our own API`,
    );
    cases.push({ name: titled(`${name}, own API`), ...listTimes, runs: lists[0].runs.length });
  }
  return cases;
}

/** MLflow's tokens count runs, so it starts where it likes; ours say where the page before ended. */
async function deepToken(ground, after) {
  let page_token;
  for (let left = after; left > 0; left -= stride)
    ({ next_page_token: page_token } = await ask(ground.ourUrl, 'POST', runsSearch, {
      experiment_ids: [experiment],
      max_results: Math.min(left, stride),
      ...(page_token && { page_token }),
    }));
  return page_token;
}

async function deepListToken(list, after) {
  let page;
  for (let left = after; left > 0; left -= stride)
    ({ next: page } = JSON.parse(await list(page && { page }, Math.min(left, stride))));
  return page;
}

/** The long history thinned for drawing. Each side keeps points of its own choice; both must be recorded ones. */
export async function seriesCases(ground, rounds, longPoints) {
  const query = `run_ids=${longRun}&metric_key=${longMetric}&max_results=320`;
  const path = `/api/2.0/mlflow/metrics/get-history-bulk-interval?${query}`;
  const { results, ...times } = await inTurn(
    Math.min(rounds, 3),
    () => askText(ground.ourUrl, 'GET', path),
    () => askText(ground.mlflowUrl, 'GET', path),
    JSON.parse,
  );
  for (const { metrics } of results) {
    ok(metrics.length <= 640 && metrics.length > 100, `a thinned history has ${metrics.length} points`);
    for (const { step, value } of metrics) ok(value === longValue(step), `step ${step} is not as recorded`);
    ok(metrics.at(-1).step === longPoints, 'the last point is missing');
  }
  const [own, others] = results.map(({ metrics }) => metrics.map(({ value }) => value));
  return [
    {
      name: `series: ${longPoints} points to 320`,
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
  const names = Array.from({ length: 10 }, (_, place) => nameOf(1 + Math.floor((place * (runs - 1)) / 9)));
  const { results, ...times } = await inTurn(
    rounds,
    () => askText(ground.ourUrl, 'GET', `/v1/compare?runs=${names.join(',')}`),
    () => Promise.all(names.map((run) => askText(ground.mlflowUrl, 'GET', `/api/2.0/mlflow/runs/get?run_id=${run}`))),
    (sent) => (Array.isArray(sent) ? sent.map((each) => JSON.parse(each)) : JSON.parse(sent)),
  );
  const theirs = results[1].map(({ run }) => essence(run).metrics);
  for (const { metric, values } of results[0].metrics)
    deepStrictEqual(
      values.map(({ last }) => last),
      theirs.map((metrics) => metrics[metric][0]),
      `${metric} is not the same`,
    );
  ok(results[0].metrics.length > 0, 'nothing was compared');
  return [{ name: 'compare: 10 runs', ...times, metrics: results[0].metrics.length }];
}
