import { graph } from '../parts/panels.js';

/** As Temporal's SDK in the orchestrator tells, and its server, under their own names; durations of the SDK in milliseconds. */
export function temporalPanels() {
  return [
    graph({
      title: 'Tasks wait for the orchestrator',
      description:
        '95th percentile of the time from when Temporal has a task until the orchestrator begins it. Growing: the orchestrator is overloaded or gone.',
      unit: 'ms',
      min: 0,
      queries: ['workflow_task', 'activity'].map((kind) => ({
        expr: `histogram_quantile(0.95, sum by (le, task_queue) (rate(temporal_${kind}_schedule_to_start_latency_bucket{task_queue!~"temporal_sys_.*"}[$__rate_interval])))`,
        legend: `${kind.replace('_', ' ')} {{task_queue}}`,
      })),
    }),
    graph({
      title: 'Requests to Temporal',
      description: 'Requests a second of the orchestrator, by operation.',
      unit: 'reqps',
      min: 0,
      queries: [{ expr: 'sum by (operation) (rate(temporal_request[$__rate_interval]))', legend: '{{operation}}' }],
    }),
    graph({
      title: 'Requests at the Temporal server',
      description: 'Requests a second that the server answers, by the part of it that does.',
      unit: 'reqps',
      min: 0,
      width: 8,
      queries: [
        {
          expr: 'sum by (service_name) (rate(service_requests{job="temporal"}[$__rate_interval]))',
          legend: '{{service_name}}',
        },
      ],
    }),
    graph({
      title: 'Activities that run',
      description:
        'Slots of the orchestrator in use, by kind of task. A run takes one activity for as long as it trains.',
      unit: 'none',
      decimals: 0,
      min: 0,
      width: 8,
      queries: [{ expr: 'sum by (worker_type) (temporal_worker_task_slots_used)', legend: '{{worker_type}}' }],
    }),
    graph({
      title: 'Workflows held',
      description: 'Workflows of which the orchestrator holds the state in memory.',
      unit: 'none',
      decimals: 0,
      min: 0,
      width: 8,
      queries: [{ expr: 'sum(temporal_sticky_cache_size)', legend: 'held' }],
    }),
  ];
}

export function natsPanels() {
  const third = { min: 0, width: 8 } as const;
  return [
    graph({
      ...third,
      title: 'Messages of NATS',
      description: 'Messages a second into and out of the server.',
      unit: 'cps',
      queries: [
        { expr: 'max by (direction) (rate(tributary_nats_messages_total[$__rate_interval]))', legend: '{{direction}}' },
      ],
    }),
    graph({
      ...third,
      title: 'Traffic',
      description: 'Bytes a second into and out of the server: mostly gradients.',
      unit: 'binBps',
      queries: [
        { expr: 'max by (direction) (rate(tributary_nats_bytes_total[$__rate_interval]))', legend: '{{direction}}' },
      ],
    }),
    graph({
      ...third,
      title: 'Clients',
      description: 'Open connections and subscriptions, and clients that were dropped because they read too slowly.',
      unit: 'none',
      decimals: 0,
      queries: [
        { expr: 'max(tributary_nats_connections)', legend: 'connections' },
        { expr: 'max(tributary_nats_subscriptions)', legend: 'subscriptions' },
        { expr: 'max(tributary_nats_slow_consumers_total)', legend: 'dropped for a backlog' },
      ],
    }),
    graph({
      ...third,
      title: 'Memory and disk',
      description: 'Resident memory of the server, and what streams hold in memory and on disk.',
      unit: 'bytes',
      queries: [
        { expr: 'max(tributary_nats_memory_bytes)', legend: 'resident' },
        { expr: 'max(tributary_nats_jetstream_memory_bytes)', legend: 'streams in memory' },
        { expr: 'max(tributary_nats_jetstream_storage_bytes)', legend: 'streams on disk' },
      ],
    }),
    graph({
      ...third,
      title: 'Processor',
      description: 'Cores that the server uses.',
      unit: 'none',
      decimals: 2,
      queries: [{ expr: 'max(tributary_nats_cpu_ratio)', legend: 'cores' }],
    }),
    graph({
      ...third,
      title: 'Requests to JetStream',
      description: 'Requests a second, and those of them that were refused.',
      unit: 'reqps',
      queries: [
        {
          expr: 'max(rate(tributary_nats_jetstream_api_requests_total[$__rate_interval]))',
          legend: 'requests',
        },
        { expr: 'max(rate(tributary_nats_jetstream_api_errors_total[$__rate_interval]))', legend: 'refused' },
      ],
    }),
    graph({
      ...third,
      title: 'Streams',
      description: 'Messages in each stream.',
      unit: 'short',
      decimals: 0,
      queries: [{ expr: 'max by (stream) (tributary_nats_stream_messages)', legend: '{{stream}}' }],
    }),
    graph({
      ...third,
      title: 'Size of streams',
      description: 'Bytes of each stream.',
      unit: 'bytes',
      queries: [{ expr: 'max by (stream) (tributary_nats_stream_bytes)', legend: '{{stream}}' }],
    }),
    graph({
      ...third,
      title: 'Behind',
      description:
        'By durable consumer: messages that it has not been given, has not acknowledged, and was given more than once. Growing: see JetStreamPendingGrowing.',
      unit: 'short',
      decimals: 0,
      queries: (
        [
          ['pending', 'waiting'],
          ['unacknowledged', 'not acknowledged'],
          ['redelivered', 'given again'],
        ] as const
      ).map(([name, text]) => ({
        expr: `max by (stream, consumer) (tributary_nats_consumer_${name}_messages)`,
        legend: `{{consumer}} of {{stream}} ${text}`,
      })),
    }),
  ];
}

export function postgresPanels() {
  const third = { min: 0, width: 8 } as const;
  return [
    graph({
      ...third,
      title: 'Connections',
      description: 'Connections to the database, by what they do, and how many the server allows in all.',
      unit: 'none',
      decimals: 0,
      queries: [
        { expr: 'max by (state) (tributary_postgres_connections)', legend: '{{state}}' },
        { expr: 'max(tributary_postgres_connections_limit)', legend: 'allowed' },
      ],
    }),
    graph({
      ...third,
      title: 'Transactions',
      description: 'Transactions a second, committed or rolled back.',
      unit: 'cps',
      queries: [
        {
          expr: 'max by (outcome) (rate(tributary_postgres_transactions_total[$__rate_interval]))',
          legend: '{{outcome}}',
        },
      ],
    }),
    graph({
      ...third,
      title: 'Blocks found in memory',
      description: 'Share of the blocks asked for so far that were in memory. Under 95 %: more memory helps.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: 'max(tributary_postgres_blocks_total{outcome="hit"}) / sum(max by (outcome) (tributary_postgres_blocks_total))',
          legend: 'in memory',
        },
      ],
    }),
    graph({
      ...third,
      title: 'Size of the database',
      description: 'On disk, indexes included.',
      unit: 'bytes',
      queries: [{ expr: 'max(tributary_postgres_database_bytes)', legend: 'size' }],
    }),
    graph({
      ...third,
      title: 'Oldest open transaction',
      description: 'Minutes: something forgot to commit, and vacuum cannot clean up behind it.',
      unit: 's',
      queries: [{ expr: 'max(tributary_postgres_oldest_transaction_seconds)', legend: 'age' }],
    }),
    graph({
      ...third,
      title: 'Deadlocks',
      description: 'Broken by Postgres so far. There should be none.',
      unit: 'none',
      decimals: 0,
      queries: [{ expr: 'max(tributary_postgres_deadlocks_total)', legend: 'deadlocks' }],
    }),
  ];
}
