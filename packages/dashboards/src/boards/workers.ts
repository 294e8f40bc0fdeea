import { dashboardUids } from '@tributary/protocol';
import { board } from '../parts/board.js';
import { figure, type GraphOptions, graph } from '../parts/panels.js';
import { table } from '../parts/tables.js';
import { goodBelow } from '../parts/thresholds.js';
import { labelVariable, prometheusVariable } from '../parts/variables.js';

const chosen = 'worker=~"$worker"';
/** Processes have no label for their worker, but are called after it. */
const processes = 'job=~"worker|trainer", instance=~"$worker"';
const gpu = (panel: Omit<GraphOptions, 'queries' | 'width'>, metric: string) =>
  graph({
    ...panel,
    width: 6,
    queries: [{ expr: `max by (worker, device) (${metric}{${chosen}})`, legend: '{{worker}} {{device}}' }],
  });

export const workers = () =>
  board({
    uid: dashboardUids.workers,
    title: 'Workers and GPUs',
    description: 'The machines that train: are they there, which is slow, and what do they use.',
    variables: [
      prometheusVariable(),
      labelVariable({
        name: 'worker',
        label: 'Worker',
        description: 'Workers of which the orchestrator heard in the time shown.',
        series: 'tributary_worker_heartbeat_timestamp_seconds',
        values: 'worker',
        several: true,
      }),
    ],
    sections: [
      {
        panels: [
          figure({
            title: 'Workers',
            description: 'Workers of which the orchestrator hears, by kind of device.',
            unit: 'none',
            text: 'both',
            width: 6,
            queries: [{ expr: 'max by (device) (tributary_slots)', legend: '{{device}}' }],
          }),
          figure({
            title: 'Leased',
            description: 'Workers that serve a run.',
            unit: 'none',
            text: 'both',
            width: 6,
            queries: [{ expr: 'max by (device) (tributary_slots_leased)', legend: '{{device}}' }],
          }),
          figure({
            title: 'Longest silence',
            description: 'Time since the beacon of the worker that was silent longest. Beacons come every few seconds.',
            unit: 's',
            decimals: 0,
            width: 6,
            thresholds: goodBelow(10, 30),
            queries: [
              {
                expr: `max(time() - max by (worker) (tributary_worker_heartbeat_timestamp_seconds{${chosen}}))`,
                legend: 'silence',
              },
            ],
          }),
          figure({
            title: 'Slowest against the median',
            description:
              "Busy time of the slowest worker over the median of its experiment's workers: 1 is balanced. Above 1.5 the others wait for it, see the alert Straggler.",
            unit: 'none',
            decimals: 2,
            width: 6,
            thresholds: goodBelow(1.3, 1.5),
            queries: [
              {
                expr: 'max(worker:tributary_busy_seconds:mean2m / on (experiment) group_left quantile by (experiment) (0.5, worker:tributary_busy_seconds:mean2m))',
                legend: 'slowest',
              },
            ],
          }),
        ],
      },
      {
        title: 'Each worker',
        panels: [
          table({
            title: 'Each worker',
            description: 'One row for each worker. "trainer" and after: of a worker that trains.',
            by: ['worker'],
            queries: [
              {
                expr: `time() - max by (worker) (tributary_worker_heartbeat_timestamp_seconds{${chosen}})`,
                legend: 'silent for',
              },
              { expr: `max by (worker) (tributary_worker_step_seconds{${chosen}})`, legend: 'last step' },
              { expr: `max by (worker) (tributary_worker_memory_bytes{${chosen}})`, legend: 'memory' },
              { expr: `max by (worker) (tributary_worker_memory_peak_bytes{${chosen}})`, legend: 'peak memory' },
              { expr: `max by (worker) (tributary_worker_graphs{${chosen}})`, legend: 'graphs' },
            ],
            columns: [
              { name: 'silent for', unit: 's', decimals: 1, thresholds: goodBelow(10, 30) },
              { name: 'last step', unit: 's', decimals: 3 },
              { name: 'memory', unit: 'bytes' },
              { name: 'peak memory', unit: 'bytes' },
              { name: 'graphs', decimals: 0 },
            ],
          }),
        ],
      },
      {
        title: 'Speed',
        panels: [
          graph({
            title: 'Busy time of a step',
            description:
              'Mean time of a step without what it waited for the others. Workers of one run step together, so the highest line sets the speed of all: give it fewer lanes, or look at what else runs there.',
            unit: 's',
            min: 0,
            queries: [
              {
                expr: 'worker:tributary_busy_seconds:mean2m{instance=~"$worker"}',
                legend: '{{instance}} ({{experiment}})',
              },
            ],
          }),
          graph({
            title: 'Last step',
            description: 'Time of the last step, waiting included.',
            unit: 's',
            min: 0,
            queries: [{ expr: `max by (worker) (tributary_worker_step_seconds{${chosen}})`, legend: '{{worker}}' }],
          }),
          graph({
            title: 'Processor',
            description: 'Cores that the agent (worker) and its trainer use.',
            unit: 'none',
            decimals: 2,
            min: 0,
            queries: [
              {
                expr: `sum by (job, instance) (rate(process_cpu_seconds_total{${processes}}[$__rate_interval]))`,
                legend: '{{instance}} {{job}}',
              },
            ],
          }),
          graph({
            title: 'Compiling',
            description:
              'Seconds spent on compiling graphs so far. Growing after the first minutes: shapes change too often.',
            unit: 's',
            min: 0,
            queries: [
              {
                expr: `sum by (worker) (tributary_worker_tracing_seconds_total{${chosen}})`,
                legend: '{{worker}}',
              },
            ],
          }),
        ],
      },
      {
        title: 'Memory',
        panels: [
          graph({
            title: "Trainer's memory",
            description: "Resident memory of the worker's trainer, and the most that it ever was.",
            unit: 'bytes',
            min: 0,
            queries: [
              { expr: `max by (worker) (tributary_worker_memory_bytes{${chosen}})`, legend: '{{worker}}' },
              { expr: `max by (worker) (tributary_worker_memory_peak_bytes{${chosen}})`, legend: '{{worker}} at most' },
            ],
          }),
          graph({
            title: 'Compiled graphs',
            description: 'Graphs that the trainer holds, and those that it compiled so far.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [
              { expr: `max by (worker) (tributary_worker_graphs{${chosen}})`, legend: '{{worker}} held' },
              {
                expr: `sum by (worker) (tributary_worker_traced_graphs_total{${chosen}})`,
                legend: '{{worker}} compiled',
              },
            ],
          }),
        ],
      },
      {
        title: 'GPUs (empty without any)',
        panels: [
          gpu(
            {
              title: 'Use',
              description:
                'Share of the last moments in which a kernel ran. Low while the worker is leased: see GpuIdleWhileLeased.',
              unit: 'percentunit',
              min: 0,
              max: 1,
            },
            'tributary_gpu_utilization_ratio',
          ),
          graph({
            title: 'GPU memory',
            description: 'In use by all processes, and what the GPU has.',
            unit: 'bytes',
            min: 0,
            width: 6,
            queries: [
              {
                expr: `max by (worker, device) (tributary_gpu_memory_bytes{${chosen}})`,
                legend: '{{worker}} {{device}}',
              },
              {
                expr: `max by (worker, device) (tributary_gpu_memory_limit_bytes{${chosen}})`,
                legend: '{{worker}} {{device}} has',
              },
            ],
          }),
          gpu(
            { title: 'Power', description: 'Power that the GPU draws.', unit: 'watt', min: 0 },
            'tributary_gpu_power_watts',
          ),
          gpu(
            {
              title: 'Temperature',
              description: 'Most GPUs slow down above 83 to 90 degrees.',
              unit: 'celsius',
              thresholds: goodBelow(80, 88),
            },
            'tributary_gpu_temperature_celsius',
          ),
        ],
      },
    ],
  });
