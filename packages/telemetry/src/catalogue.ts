import { counter, gauge, histogram, secondsBuckets } from './definitions.js';

const fast = secondsBuckets(0.001, 10);
const slow = secondsBuckets(0.1, 1_000);

/**
 * Every metric of Tributary, each with the process that sets it. `run_id` stands on gauges and counters of active runs only, never
 * on histograms, and a run's series are removed soon after it ends; loss by step and finished runs are in Postgres.
 */
export const catalogue = {
  // Orchestrator: runs.
  runInfo: gauge('run_info', 'Always 1; what an active run is.', ['run_id', 'experiment', 'model', 'commit']),
  runState: gauge('run_state', '1 for the state that the run is in, 0 for the others.', ['run_id', 'state']),
  runsFinishedTotal: counter(
    'runs_finished_total',
    'Attempts of runs that ended, by the code of their failure if they failed.',
    ['outcome', 'reason'],
  ),
  runAttemptsTotal: counter('run_attempts_total', 'Attempts started.', ['run_id', 'reason']),
  runGenerationsTotal: counter('run_generations_total', 'Generations opened, by why the one before ended.', [
    'run_id',
    'reason',
  ]),
  runTargetSteps: gauge('run_target_steps', 'Steps after which the run is finished.', ['run_id']),
  recoveryDurationSeconds: histogram(
    'recovery_duration_seconds',
    'From the last step of a generation that failed to the first step of the next.',
    ['cause'],
    slow,
  ),
  goodputSecondsTotal: counter('goodput_seconds_total', 'Time in which steps were done for the first time.', [
    'run_id',
  ]),
  badputSecondsTotal: counter(
    'badput_seconds_total',
    'All other time of an attempt, by what it went to; with goodput it sums to the time since the attempt began.',
    ['run_id', 'cause'],
  ),
  lostStepsTotal: counter(
    'lost_steps_total',
    'Steps done that a later generation began before, by how their generation ended.',
    ['run_id', 'cause'],
  ),

  // Trainers: steps. Member 0 sets what the whole run has once.
  runStep: gauge('run_step', 'Steps done.', ['run_id']),
  runLastProgressTimestampSeconds: gauge('run_last_progress_timestamp_seconds', 'When the last step ended.', [
    'run_id',
  ]),
  stepsTotal: counter('steps_total', 'Steps done by a lane of the task.', ['run_id', 'task']),
  tokensTotal: counter('tokens_total', 'Source and target tokens trained on, without padding.', ['run_id', 'task']),
  samplesTotal: counter('samples_total', 'Examples trained on.', ['run_id', 'task']),
  taskLoss: gauge('task_loss', 'Last loss, in nats a target token.', ['run_id', 'task', 'split']),
  taskEvalScore: gauge('task_eval_score', 'Last value of a metric of quality.', ['run_id', 'task', 'split', 'metric']),
  learningRate: gauge('learning_rate', 'Learning rate of the last step.', ['run_id']),
  gradNorm: gauge('grad_norm', 'Norm of the combined shared gradient before clipping.', ['run_id']),
  taskWeightRatio: gauge(
    'task_weight_ratio',
    "Factor of the task's shared gradient in the combined one, at its last step; of several groups, their mean.",
    ['run_id', 'task'],
  ),
  taskGradientCosine: gauge(
    'task_gradient_cosine',
    "Cosine between two tasks' shared gradients, at their last step together; below 0 they conflict.",
    ['run_id', 'task', 'other'],
  ),
  nonfiniteStepsTotal: counter(
    'nonfinite_steps_total',
    'Steps skipped for a loss or gradient that was not finite, by each lane that had one.',
    ['run_id', 'task', 'lane'],
  ),
  skippedStepsTotal: counter(
    'skipped_steps_total',
    'Steps that changed nothing: `lanes` were not finite, or what was `combined` of them was not.',
    ['run_id', 'cause'],
  ),
  stepDurationSeconds: histogram('step_duration_seconds', 'Time of a step.', ['experiment'], fast),
  dataWaitSeconds: histogram(
    'data_wait_seconds',
    'Time in which a step gathered its batches.',
    ['experiment'],
    secondsBuckets(0.0001, 1),
  ),
  syncDurationSeconds: histogram(
    'sync_duration_seconds',
    'Time that a step waited for the gradient exchange, by its phase.',
    ['experiment', 'phase'],
    fast,
  ),
  syncExposedSeconds: histogram(
    'sync_exposed_seconds',
    'Time that a step waited for the gradient exchange with nothing left to compute.',
    ['experiment'],
    fast,
  ),
  syncBytesTotal: counter('sync_bytes_total', 'Gradient bytes on the wire.', ['run_id', 'direction', 'codec']),

  // Trainers: workers.
  workerStepSeconds: gauge('worker_step_seconds', "Time of the worker's last step.", ['worker']),
  workerMemoryBytes: gauge('worker_memory_bytes', "Resident memory of the worker's trainer.", ['worker', 'device']),
  workerMemoryPeakBytes: gauge('worker_memory_peak_bytes', "The most that its trainer's resident memory ever was.", [
    'worker',
    'device',
  ]),
  workerGraphs: gauge('worker_graphs', 'Compiled graphs that the trainer holds.', ['worker']),
  workerTracedGraphsTotal: counter('worker_traced_graphs_total', 'Graphs compiled.', ['worker']),
  workerTracingSecondsTotal: counter('worker_tracing_seconds_total', 'Time spent compiling graphs.', ['worker']),

  // Agents: GPUs, as nvidia-smi tells; absent where there is none.
  gpuUtilizationRatio: gauge('gpu_utilization_ratio', 'Share of the last moments in which a kernel ran.', [
    'worker',
    'device',
  ]),
  gpuMemoryBytes: gauge('gpu_memory_bytes', 'Memory of the GPU in use, by all processes.', ['worker', 'device']),
  gpuMemoryLimitBytes: gauge('gpu_memory_limit_bytes', 'Memory that the GPU has.', ['worker', 'device']),
  gpuPowerWatts: gauge('gpu_power_watts', 'Power that the GPU draws.', ['worker', 'device']),
  gpuTemperatureCelsius: gauge('gpu_temperature_celsius', 'Temperature of the GPU.', ['worker', 'device']),

  // Trainers (`write`) and the recorder (`verify`, `commit`): checkpoints.
  checkpointDurationSeconds: histogram(
    'checkpoint_duration_seconds',
    'Time to write a part, to verify it, and to commit a whole checkpoint.',
    ['phase', 'outcome'],
    secondsBuckets(0.01, 100),
  ),
  checkpointFailuresTotal: counter(
    'checkpoint_failures_total',
    'Checkpoints that a member could not write; training goes on without them.',
    ['run_id'],
  ),
  checkpointLastSuccessTimestampSeconds: gauge(
    'checkpoint_last_success_timestamp_seconds',
    'When the last checkpoint was committed.',
    ['run_id'],
  ),
  checkpointBytes: gauge('checkpoint_bytes', 'Size of the last committed checkpoint.', ['run_id']),

  // Trainers: snapshots.
  snapshotDurationSeconds: histogram(
    'snapshot_duration_seconds',
    'Time from the copy of the state to its files, and to the copies of a buddy.',
    ['phase'],
    secondsBuckets(0.001, 10),
  ),
  snapshotFailuresTotal: counter(
    'snapshot_failures_total',
    'Snapshots that a member could not write; training goes on without them.',
    ['run_id'],
  ),

  // Orchestrator: workers and slots.
  workerHeartbeatTimestampSeconds: gauge(
    'worker_heartbeat_timestamp_seconds',
    "When a beacon of the worker last arrived; a worker that left or has been silent for long isn't shown.",
    ['worker'],
  ),
  slots: gauge('slots', 'Living workers.', ['device']),
  slotsLeased: gauge('slots_leased', 'Workers leased to a run.', ['device']),
  queueDepth: gauge('queue_depth', 'Runs that wait for slots.', []),
  queueWaitSeconds: histogram('queue_wait_seconds', 'Time that a run waited for its slots.', ['device'], slow),

  // Recorder: ingest.
  ingestPointsTotal: counter(
    'ingest_points_total',
    'Rows from the records stream: inserted, duplicate, diverged, or of an unknown run.',
    ['outcome'],
  ),
  ingestMessagesTotal: counter(
    'ingest_messages_total',
    'Messages of the records stream: written, retried or set aside.',
    ['outcome'],
  ),
  recordsFencedTotal: counter(
    'records_fenced_total',
    'Rows dropped, by the kind of their record: the work of a generation beyond where a later one began.',
    ['kind'],
  ),
  ingestBatchSeconds: histogram('ingest_batch_seconds', 'Time to write a batch.', ['outcome'], fast),
  ingestLagSeconds: gauge(
    'ingest_lag_seconds',
    'Age of the oldest record of the last batch when it was committed; of one that cannot be written, its age now.',
    [],
  ),
  ingestPendingMessages: gauge('ingest_pending_messages', 'Messages that wait in the records stream.', []),

  // API: queries.
  historyQuerySeconds: histogram(
    'history_query_seconds',
    'Time to answer a question about runs, by its route.',
    ['query'],
    fast,
  ),

  // Recorder: nats-server, by its /varz and /jsz.
  natsUp: gauge('nats_up', '1 while nats-server answers on its monitoring port.', []),
  natsConnections: gauge('nats_connections', 'Open client connections.', []),
  natsSubscriptions: gauge('nats_subscriptions', 'Subscriptions of all clients.', []),
  natsMemoryBytes: gauge('nats_memory_bytes', 'Resident memory of nats-server.', []),
  natsCpuRatio: gauge('nats_cpu_ratio', 'Processor use of nats-server; 1 is one core.', []),
  natsMessagesTotal: counter('nats_messages_total', 'Messages that passed, `in` or `out` of the server.', [
    'direction',
  ]),
  natsBytesTotal: counter('nats_bytes_total', 'Bytes that passed, `in` or `out` of the server.', ['direction']),
  natsSlowConsumersTotal: counter('nats_slow_consumers_total', 'Clients dropped for a backlog.', []),
  natsJetstreamMemoryBytes: gauge('nats_jetstream_memory_bytes', 'Streams held in memory.', []),
  natsJetstreamStorageBytes: gauge('nats_jetstream_storage_bytes', 'Streams on disk.', []),
  natsJetstreamApiRequestsTotal: counter('nats_jetstream_api_requests_total', 'Requests to JetStream.', []),
  natsJetstreamApiErrorsTotal: counter('nats_jetstream_api_errors_total', 'Requests that JetStream refused.', []),
  natsStreamMessages: gauge('nats_stream_messages', 'Messages in a stream.', ['stream']),
  natsStreamBytes: gauge('nats_stream_bytes', 'Size of a stream.', ['stream']),
  natsConsumerPendingMessages: gauge(
    'nats_consumer_pending_messages',
    'Messages that a durable consumer has not been given yet.',
    ['stream', 'consumer'],
  ),
  natsConsumerUnacknowledgedMessages: gauge(
    'nats_consumer_unacknowledged_messages',
    'Messages given to a durable consumer and not acknowledged yet.',
    ['stream', 'consumer'],
  ),
  natsConsumerRedeliveredMessages: gauge(
    'nats_consumer_redelivered_messages',
    'Of those not acknowledged yet, messages given more than once.',
    ['stream', 'consumer'],
  ),

  // Recorder: Postgres, by its statistics views.
  postgresUp: gauge('postgres_up', '1 while Postgres answers.', []),
  postgresConnections: gauge('postgres_connections', 'Connections to the database, by what they do.', ['state']),
  postgresConnectionsLimit: gauge('postgres_connections_limit', 'Connections that the server allows in all.', []),
  postgresDatabaseBytes: gauge('postgres_database_bytes', 'Size of the database.', []),
  postgresOldestTransactionSeconds: gauge(
    'postgres_oldest_transaction_seconds',
    'Age of the oldest transaction that is open in the database; 0 for none.',
    [],
  ),
  postgresTransactionsTotal: counter('postgres_transactions_total', 'Transactions, `committed` or `rolled_back`.', [
    'outcome',
  ]),
  postgresDeadlocksTotal: counter('postgres_deadlocks_total', 'Deadlocks that Postgres broke.', []),
  postgresBlocksTotal: counter('postgres_blocks_total', 'Blocks asked for: in memory (`hit`) or not (`read`).', [
    'outcome',
  ]),
} as const;

export type Catalogue = typeof catalogue;
