// The experiment history beside MLflow's server: both over HTTP, on one Postgres, over the same data. Writes bench/out/history.json.
//
//   node test/bench/history.mjs [--scale 1] [--rounds 7] [--log-rounds 3] [--cases log,page,series,compare,export,purge]
//
// At scale 1: 25,000 runs of 50 metrics with 8 points each, 10 million points, and a run of a million more. What both give is asserted
// to be equal. Times are medians of rounds in which the two take turns at being first, over connections that stay open, from the
// request to the last byte of the answer.
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchMlflowPython } from '@tributary/devstack';
import { activity, disturbing, machine } from './engine/machine.mjs';
import { exportCases, purgeCases } from './history/bulk-cases.mjs';
import { fill } from './history/fill.mjs';
import { openGround, warm } from './history/ground.mjs';
import { logCases } from './history/log-cases.mjs';
import { compareCases, searchCases, seriesCases } from './history/read-cases.mjs';
import { printTable } from './shared/print-table.mjs';
import { listOf, numbersOf, report, runBench } from './shared/run-bench.mjs';

const kinds = ['log', 'page', 'series', 'compare', 'export', 'purge'];
const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '7' },
    cases: { type: 'string', default: kinds.join(',') },
    'log-rounds': { type: 'string', default: '3' },
  },
});
const [scale] = numbersOf(values.scale, 'scale');
const [rounds] = numbersOf(values.rounds, 'rounds');
const [logRounds] = numbersOf(values['log-rounds'], 'log-rounds');
const chosen = listOf(values.cases, 'cases', kinds);
const size = {
  runs: Math.max(40, Math.round(25_000 * scale)),
  metrics: 50,
  points: 8,
  longPoints: Math.max(10_000, Math.round(1e6 * scale)),
};

await runBench(async () => {
  const python = await benchMlflowPython({ report });
  const before = await activity();
  report(`other programs use ${Math.round(100 * before.busy)} % of the processors`);
  const ground = await openGround(python);
  const filled = await fill(ground.ours.url, ground.theirs.url, size, report);
  await warm(ground);
  const part = Math.min(1, scale);
  const work = {
    page: () => searchCases(ground, rounds, Math.min(20_000, Math.floor(0.8 * size.runs))),
    series: () => seriesCases(ground, rounds, size.longPoints),
    compare: () => compareCases(ground, rounds, size.runs),
    // Before new runs come.
    export: () => exportCases(ground, size, Math.max(10, Math.round(250 * part))),
    log: () =>
      logCases(ground, {
        batches: [
          { size: 1, points: Math.max(60, 6_000 * part), mlflowPoints: Math.max(60, 1_000 * part) },
          { size: 10, points: Math.max(600, 40_000 * part), mlflowPoints: Math.max(600, 8_000 * part) },
          { size: 500, points: Math.max(10_000, 200_000 * part), mlflowPoints: Math.max(10_000, 40_000 * part) },
        ],
        writers: [1, 8, 20],
        rounds: logRounds,
      }),
    purge: () => purgeCases(ground, size.longPoints),
  };
  const cases = [];
  for (const [kind, measure] of Object.entries(work)) {
    if (!chosen.includes(kind)) continue;
    const began = performance.now();
    for (const each of await measure()) {
      const ratio = each.ratio_vs_mlflow ?? each.mlflow_ms / each.ms;
      cases.push({ ...each, ratio_vs_mlflow: ratio });
      report(`${each.name}: ${ratio.toFixed(1)} times as fast as MLflow`);
    }
    report(`${kind}: took ${Math.round((performance.now() - began) / 1000)} s`);
  }
  const disturbed = before.busy > disturbing;
  const document = { machine: machine(), scale, size, fill: filled, mlflow: '3.17.2', disturbed, cases };
  mkdirSync('bench/out', { recursive: true });
  writeFileSync('bench/out/history.json', `${JSON.stringify(document, null, 2)}\n`);
  const number = (value) =>
    value === undefined ? undefined : value >= 100 ? String(Math.round(value)) : value.toFixed(1);
  printTable(
    [
      [
        'case',
        -72,
        ({ name, mlflow_extrapolated_from_runs: of }) =>
          of === undefined ? name : `${name} (MLflow: ${of} runs, extrapolated)`,
      ],
      [
        'ours',
        10,
        ({ ms, points_per_second }) => (ms === undefined ? `${number(points_per_second)}/s` : `${number(ms)} ms`),
      ],
      [
        'MLflow',
        12,
        ({ mlflow_ms, mlflow_points_per_second: rate }) =>
          mlflow_ms === undefined ? `${number(rate)}/s` : `${number(mlflow_ms)} ms`,
      ],
      ['times', 8, ({ ratio_vs_mlflow }) => number(ratio_vs_mlflow)],
      [
        'peak MiB',
        9,
        ({ peak_mib, mlflow_peak_mib }) =>
          peak_mib === undefined
            ? undefined
            : `${peak_mib}${mlflow_peak_mib === undefined ? '' : `/${mlflow_peak_mib}`}`,
      ],
    ],
    cases,
  );
});
