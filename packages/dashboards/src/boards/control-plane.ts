import { dashboardUids } from '@tributary/protocol';
import { board } from '../parts/board.js';
import { figure, graph } from '../parts/panels.js';
import { goodAbove, goodBelow } from '../parts/thresholds.js';
import { prometheusVariable } from '../parts/variables.js';
import { natsPanels, postgresPanels, temporalPanels } from './server-panels.js';

const quantile = (q: number, name: string, by = ''): string =>
  `histogram_quantile(${q}, sum by (le${by}) (rate(tributary_${name}_bucket[$__rate_interval])))`;

export const controlPlane = () =>
  board({
    uid: dashboardUids.controlPlane,
    title: 'Control plane',
    description:
      'What carries the runs: our processes, the path of records into Postgres, Temporal, NATS and Postgres.',
    variables: [prometheusVariable()],
    sections: [
      {
        panels: [
          figure({
            title: 'Processes that answer',
            description: 'Share of the processes known to Prometheus that answered its last scrape.',
            unit: 'percentunit',
            min: 0,
            max: 1,
            width: 4,
            thresholds: goodAbove(0.9, 1),
            queries: [{ expr: 'avg(up)', legend: 'answer' }],
          }),
          figure({
            title: 'NATS',
            description: '1 while nats-server answers on its monitoring port.',
            unit: 'none',
            width: 4,
            thresholds: goodAbove(1, 1),
            queries: [{ expr: 'max(tributary_nats_up)', legend: 'up' }],
          }),
          figure({
            title: 'Postgres',
            description: '1 while Postgres answers.',
            unit: 'none',
            width: 4,
            thresholds: goodAbove(1, 1),
            queries: [{ expr: 'max(tributary_postgres_up)', legend: 'up' }],
          }),
          figure({
            title: 'Ingest lag',
            description:
              'Age of the oldest record of the last batch when it was in Postgres. Training never waits for it.',
            unit: 's',
            decimals: 1,
            width: 4,
            thresholds: goodBelow(10, 60),
            queries: [{ expr: 'max(tributary_ingest_lag_seconds)', legend: 'lag' }],
          }),
          figure({
            title: 'Records waiting',
            description: 'Messages in the records stream that are not in Postgres yet.',
            unit: 'short',
            decimals: 0,
            width: 4,
            thresholds: goodBelow(10_000, 100_000),
            queries: [{ expr: 'max(tributary_ingest_pending_messages)', legend: 'waiting' }],
          }),
          figure({
            title: 'Connections of Postgres',
            description: 'Share of the connections that the server allows.',
            unit: 'percentunit',
            min: 0,
            max: 1,
            width: 4,
            thresholds: goodBelow(0.7, 0.9),
            queries: [
              {
                expr: 'sum(tributary_postgres_connections) / max(tributary_postgres_connections_limit)',
                legend: 'used',
              },
            ],
          }),
        ],
      },
      {
        title: 'Our processes',
        panels: [
          graph({
            title: 'Answer scrapes',
            description: 'Processes of each kind that answered.',
            unit: 'none',
            decimals: 0,
            min: 0,
            width: 8,
            queries: [{ expr: 'sum by (job) (up)', legend: '{{job}}' }],
          }),
          graph({
            title: 'Event loop lag',
            description:
              '99th percentile, of the slowest process of each kind. Above 0.5 s beacons and answers come late.',
            unit: 's',
            min: 0,
            width: 8,
            thresholds: goodBelow(0.2, 0.5),
            queries: [{ expr: 'max by (job) (nodejs_eventloop_lag_p99_seconds)', legend: '{{job}}' }],
          }),
          graph({
            title: 'Memory',
            description: 'Resident, of the largest process of each kind.',
            unit: 'bytes',
            min: 0,
            width: 8,
            queries: [{ expr: 'max by (job) (process_resident_memory_bytes{job!="prometheus"})', legend: '{{job}}' }],
          }),
          graph({
            title: 'Answers about runs',
            description: '95th percentile of the time to answer a question about runs, by its route.',
            unit: 's',
            min: 0,
            queries: [{ expr: quantile(0.95, 'history_query_seconds', ', query'), legend: '{{query}}' }],
          }),
          graph({
            title: 'Answers a second',
            description: 'Questions about runs answered, by route.',
            unit: 'reqps',
            min: 0,
            queries: [
              {
                expr: 'sum by (query) (rate(tributary_history_query_seconds_count[$__rate_interval]))',
                legend: '{{query}}',
              },
            ],
          }),
        ],
      },
      {
        title: 'From training into Postgres',
        panels: [
          graph({
            title: 'Rows',
            description:
              'Rows a second: inserted; duplicate, which is usual after a recovery; diverged or unknown, which should not be.',
            unit: 'cps',
            min: 0,
            queries: [
              {
                expr: 'sum by (outcome) (rate(tributary_ingest_points_total[$__rate_interval]))',
                legend: '{{outcome}}',
              },
            ],
          }),
          graph({
            title: 'Messages',
            description: 'Messages of the records stream so far: written, retried, or set aside.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: 'sum by (outcome) (tributary_ingest_messages_total)', legend: '{{outcome}}' }],
          }),
          graph({
            title: 'Time of a batch',
            description: 'Median and 95th percentile of the time to write a batch, by outcome.',
            unit: 's',
            min: 0,
            width: 8,
            queries: [0.5, 0.95].map((q) => ({
              expr: quantile(q, 'ingest_batch_seconds', ', outcome'),
              legend: `{{outcome}} ${q * 100} %`,
            })),
          }),
          graph({
            title: 'Lag and backlog',
            description: 'Age of the oldest record of the last batch, and messages that wait.',
            unit: 'none',
            min: 0,
            width: 8,
            queries: [
              { expr: 'max(tributary_ingest_lag_seconds)', legend: 'lag in seconds' },
              { expr: 'max(tributary_ingest_pending_messages)', legend: 'waiting messages' },
            ],
          }),
          graph({
            title: 'Rows dropped by the fence',
            description:
              'Work of a generation beyond where a later one began, so far. A few after a recovery are usual.',
            unit: 'none',
            decimals: 0,
            min: 0,
            width: 8,
            queries: [{ expr: 'sum(tributary_records_fenced_total) or vector(0)', legend: 'dropped' }],
          }),
        ],
      },
      { title: 'Temporal', panels: temporalPanels() },
      { title: 'NATS', panels: natsPanels() },
      { title: 'Postgres', panels: postgresPanels() },
    ],
  });
