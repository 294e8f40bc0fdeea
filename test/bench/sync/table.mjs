import { printTable } from '../shared/print-table.mjs';

const span = (quartiles) => quartiles.map((ms) => ms.toFixed(1)).join('..');

const columns = [
  ['processes', 9, ({ processes }) => String(processes)],
  ['MB', 5, ({ mb }) => String(mb)],
  ['codec', -5, ({ codec }) => codec],
  ['combined', -14, ({ tasks, combiner }) => (tasks === 1 ? 'mean' : `${combiner}, ${tasks} tasks`)],
  ['ms', 7, ({ ms }) => ms.toFixed(1)],
  ['quartiles', 15, ({ ms_quartiles }) => span(ms_quartiles)],
  ['Gloo ms', 7, ({ gloo_ms }) => gloo_ms.toFixed(1)],
  ['quartiles', 15, ({ gloo_ms_quartiles }) => span(gloo_ms_quartiles)],
  ['/ Gloo', 6, ({ ratio_vs_gloo }) => ratio_vs_gloo.toFixed(2)],
  ['/ its sum', 9, ({ ratio_vs_gloo_sum }) => ratio_vs_gloo_sum.toFixed(2)],
  ['naive ms', 8, ({ naive_ms }) => naive_ms?.toFixed(1)],
  ['MB on wire', 10, ({ bytes_on_wire }) => (bytes_on_wire / 1e6).toFixed(1)],
  ['/ plain', 7, ({ bytes_ratio }) => bytes_ratio.toFixed(3)],
  ['CPU ms', 6, ({ clients_cpu_s }) => (1000 * clients_cpu_s).toFixed(0)],
  ['broker', 6, ({ broker_cpu_s }) => (1000 * broker_cpu_s).toFixed(0)],
  ['Gloo', 5, ({ gloo_cpu_s }) => (1000 * gloo_cpu_s).toFixed(0)],
];

/** Ratios are Tributary's time over the peer's: below 1 Tributary is faster. */
export function printSyncTable(cases) {
  printTable(columns, cases);
  console.log(
    '/ Gloo: our time over that of its mean (ReduceOp.AVG); / its sum: over an all_reduce that only adds. / plain: bytes that all\n' +
      'processes wrote (payload, heads, requests, NATS lines) over one reduce-scatter a lane and one broadcast in the codec. Rows of\n' +
      'several tasks keep the tasks apart and weigh them by their conflicts, which no all-reduce does.',
  );
}
