/** Series as promtool writes them: name and labels → `first+by×times`, a value every 15 seconds. */
export type InputSeries = Readonly<Record<string, string>>;

export interface FiringCase {
  readonly when: string;
  readonly series: InputSeries;
  /** When it must fire, since the first value. */
  readonly at: string;
  /** Labels of the alert beside its name and its severity. */
  readonly labels: Readonly<Record<string, string>>;
  /** What `$value` reads like in the annotations; left out where they do not show it. */
  readonly value?: string;
}

export interface QuietCase {
  readonly when: string;
  readonly series: InputSeries;
  readonly at: string;
}

export interface AlertCases {
  readonly fires: readonly FiringCase[];
  readonly quiet: readonly QuietCase[];
}

const run = { run_id: 'r' };
const task = { run_id: 'r', task: 'spell' };
const training = { 'tributary_run_state{run_id="r", state="running"}': '1x600' };
const ended = { 'tributary_run_state{run_id="r", state="running"}': '0x600' };
/** Each value is the time itself: something that happened just now. */
const now = '0+15x600';
const threeUp = {
  'up{job="orchestrator", instance="1"}': '1x600',
  'up{job="recorder", instance="1"}': '1x600',
  'up{job="api", instance="api"}': '1x600',
};

/** A worker's histograms: so many seconds busy and waiting in each of its steps, one every 15 seconds. */
function stepsOf(worker: string, busy: number, waiting: number): InputSeries {
  const labels = `{experiment="e", instance="${worker}"}`;
  return {
    [`tributary_step_duration_seconds_sum${labels}`]: `0+${busy + waiting}x600`,
    [`tributary_step_duration_seconds_count${labels}`]: '0+1x600',
    [`tributary_sync_exposed_seconds_sum${labels}`]: `0+${waiting}x600`,
  };
}

/** Every alert: when it must fire, and when it must not though its series are there. */
export const alertCases: Readonly<Record<string, AlertCases>> = {
  RunStalled: {
    fires: [
      {
        when: 'the last step is long ago',
        series: { ...training, 'tributary_run_last_progress_timestamp_seconds{run_id="r"}': '0x600' },
        at: '8m',
        labels: run,
      },
      { when: 'no step was ever done', series: training, at: '6m', labels: run },
    ],
    quiet: [
      {
        when: 'steps end',
        series: { ...training, 'tributary_run_last_progress_timestamp_seconds{run_id="r"}': now },
        at: '30m',
      },
      {
        when: 'the run ended',
        series: { ...ended, 'tributary_run_last_progress_timestamp_seconds{run_id="r"}': '0x600' },
        at: '30m',
      },
      {
        when: 'an evaluation took four minutes',
        series: { ...training, 'tributary_run_last_progress_timestamp_seconds{run_id="r"}': '0x16 240+15x600' },
        at: '20m',
      },
    ],
  },
  NonFiniteLoss: {
    fires: [
      {
        when: 'the first such step',
        series: { 'tributary_nonfinite_steps_total{run_id="r", task="spell", lane="0"}': '_x80 1x200' },
        at: '21m',
        labels: task,
      },
      {
        when: 'more such steps',
        series: { 'tributary_nonfinite_steps_total{run_id="r", task="spell", lane="0"}': '1x100 2x200' },
        at: '26m',
        labels: task,
      },
    ],
    quiet: [
      {
        when: 'the last one was long ago',
        series: { 'tributary_nonfinite_steps_total{run_id="r", task="spell", lane="0"}': '3x600' },
        at: '30m',
      },
    ],
  },
  LossSpike: {
    fires: [
      {
        when: 'the loss went to three times its median',
        series: { 'tributary_task_loss{run_id="r", task="spell", split="train"}': '1x100 3x100' },
        at: '30m',
        labels: task,
      },
    ],
    quiet: [
      {
        when: 'one bad step',
        series: { 'tributary_task_loss{run_id="r", task="spell", split="train"}': '1x100 3 1x100' },
        at: '26m',
      },
      {
        when: 'the run has just begun',
        series: { 'tributary_task_loss{run_id="r", task="spell", split="train"}': '1x8 3x20' },
        at: '5m',
      },
    ],
  },
  ThroughputDrop: {
    fires: [
      {
        when: 'half the tokens',
        series: {
          ...training,
          'tributary_tokens_total{run_id="r", task="spell"}': `0+1000x160 ${160_000}+500x80`,
        },
        at: '54m',
        labels: run,
      },
    ],
    quiet: [
      {
        when: 'a tenth fewer tokens',
        series: {
          ...training,
          'tributary_tokens_total{run_id="r", task="spell"}': `0+1000x160 ${160_000}+900x80`,
        },
        at: '54m',
      },
      {
        when: 'a recovery of two minutes',
        series: {
          ...training,
          'tributary_tokens_total{run_id="r", task="spell"}': `0+1000x160 ${160_000}x8 ${160_000}+1000x80`,
        },
        at: '45m',
      },
    ],
  },
  CheckpointStale: {
    fires: [
      {
        when: 'the last one is over an hour old',
        series: { ...training, 'tributary_checkpoint_last_success_timestamp_seconds{run_id="r"}': '0x600' },
        at: '66m',
        labels: run,
      },
      { when: 'there was none in the first hour', series: training, at: '66m', labels: run },
    ],
    quiet: [
      {
        when: 'they are made',
        series: { ...training, 'tributary_checkpoint_last_success_timestamp_seconds{run_id="r"}': now },
        at: '120m',
      },
      {
        when: 'the run ended',
        series: { ...ended, 'tributary_checkpoint_last_success_timestamp_seconds{run_id="r"}': '0x600' },
        at: '120m',
      },
      { when: 'there was none yet', series: training, at: '40m' },
    ],
  },
  CrashLoop: {
    fires: [
      {
        when: 'three restarts of a run that had none',
        series: { 'tributary_run_generations_total{run_id="r", reason="worker-lost"}': '_x40 1x4 2x4 3x40' },
        at: '13m',
        labels: run,
        value: '3',
      },
    ],
    quiet: [
      {
        when: 'two restarts',
        series: { 'tributary_run_generations_total{run_id="r", reason="worker-lost"}': '_x40 1x4 2x40' },
        at: '13m',
      },
      {
        when: 'three restarts, an hour ago',
        series: { 'tributary_run_generations_total{run_id="r", reason="worker-lost"}': '1x4 2x4 3x400' },
        at: '60m',
      },
      {
        when: 'lanes moved by wish',
        series: { 'tributary_run_generations_total{run_id="r", reason="handed-over"}': '_x40 1x4 2x4 5x40' },
        at: '13m',
      },
    ],
  },
  RecoverySlow: {
    fires: [
      {
        when: 'the only one took five minutes',
        series: {
          'tributary_recovery_duration_seconds_sum{cause="worker-lost"}': '_x40 300x40',
          'tributary_recovery_duration_seconds_count{cause="worker-lost"}': '_x40 1x40',
        },
        at: '15m',
        labels: { cause: 'worker-lost' },
        value: '5m 0s',
      },
    ],
    quiet: [
      {
        when: 'it took ten seconds',
        series: {
          'tributary_recovery_duration_seconds_sum{cause="worker-lost"}': '_x40 10x40',
          'tributary_recovery_duration_seconds_count{cause="worker-lost"}': '_x40 1x40',
        },
        at: '15m',
      },
      {
        when: 'the slow one was long ago',
        series: {
          'tributary_recovery_duration_seconds_sum{cause="worker-lost"}': '300x600',
          'tributary_recovery_duration_seconds_count{cause="worker-lost"}': '1x600',
        },
        at: '120m',
      },
    ],
  },
  LowGoodput: {
    fires: [
      {
        when: 'a fifth of the time is training',
        series: {
          ...training,
          'tributary_goodput_seconds_total{run_id="r"}': '0+3x600',
          'tributary_badput_seconds_total{run_id="r", cause="redone"}': '0+12x600',
        },
        at: '40m',
        labels: run,
        value: '20%',
      },
    ],
    quiet: [
      {
        when: 'most of the time is training',
        series: {
          ...training,
          'tributary_goodput_seconds_total{run_id="r"}': '0+12x600',
          'tributary_badput_seconds_total{run_id="r", cause="redone"}': '0+3x600',
        },
        at: '40m',
      },
      {
        when: 'nothing was lost at all',
        series: { ...training, 'tributary_goodput_seconds_total{run_id="r"}': '0+15x600' },
        at: '40m',
      },
      {
        when: 'it began ten minutes ago',
        series: {
          ...training,
          'tributary_goodput_seconds_total{run_id="r"}': '0+3x600',
          'tributary_badput_seconds_total{run_id="r", cause="starting"}': '0+12x600',
        },
        at: '10m',
      },
    ],
  },
  WorkerHeartbeatLost: {
    fires: [
      {
        when: 'a worker is silent for two minutes',
        series: { 'tributary_worker_heartbeat_timestamp_seconds{worker="w"}': '0x600' },
        at: '2m',
        labels: { worker: 'w' },
        value: '2m 0s',
      },
    ],
    quiet: [
      {
        when: 'beacons come',
        series: { 'tributary_worker_heartbeat_timestamp_seconds{worker="w"}': now },
        at: '30m',
      },
      {
        when: 'it left',
        series: { 'tributary_worker_heartbeat_timestamp_seconds{worker="w"}': '0+15x40 stale' },
        at: '30m',
      },
    ],
  },
  Straggler: {
    fires: [
      {
        when: 'one of three is twice as long busy',
        series: { ...stepsOf('a', 2, 2), ...stepsOf('b', 2, 2), ...stepsOf('c', 4, 0) },
        at: '10m',
        labels: { experiment: 'e', instance: 'c' },
        value: '2',
      },
    ],
    quiet: [
      {
        when: 'they are about equal',
        series: { ...stepsOf('a', 2, 0.2), ...stepsOf('b', 2.1, 0.1), ...stepsOf('c', 2.2, 0) },
        at: '10m',
      },
      { when: 'it is alone', series: stepsOf('a', 4, 0), at: '10m' },
    ],
  },
  GpuIdleWhileLeased: {
    fires: [
      {
        when: 'the trainer holds graphs and the GPU does nothing',
        series: {
          'tributary_gpu_utilization_ratio{worker="w", device="gpu:0"}': '0.02x600',
          'tributary_worker_graphs{worker="w"}': '4x600',
        },
        at: '20m',
        labels: { worker: 'w', device: 'gpu:0' },
        value: '2%',
      },
    ],
    quiet: [
      {
        when: 'the GPU works',
        series: {
          'tributary_gpu_utilization_ratio{worker="w", device="gpu:0"}': '0.8x600',
          'tributary_worker_graphs{worker="w"}': '4x600',
        },
        at: '20m',
      },
      {
        when: 'no run holds it',
        series: { 'tributary_gpu_utilization_ratio{worker="w", device="gpu:0"}': '0x600' },
        at: '20m',
      },
    ],
  },
  QueueStuck: {
    fires: [
      {
        when: 'two runs wait and a worker is free',
        series: {
          tributary_queue_depth: '2x600',
          'tributary_slots{device="cpu"}': '3x600',
          'tributary_slots_leased{device="cpu"}': '2x600',
        },
        at: '12m',
        labels: {},
        value: '2',
      },
    ],
    quiet: [
      {
        when: 'every worker is leased',
        series: {
          tributary_queue_depth: '2x600',
          'tributary_slots{device="cpu"}': '3x600',
          'tributary_slots_leased{device="cpu"}': '3x600',
        },
        at: '12m',
      },
      {
        when: 'nothing waits',
        series: {
          tributary_queue_depth: '0x600',
          'tributary_slots{device="cpu"}': '3x600',
          'tributary_slots_leased{device="cpu"}': '0x600',
        },
        at: '12m',
      },
    ],
  },
  IngestLag: {
    fires: [
      {
        when: 'batches are written, two minutes late',
        series: {
          tributary_ingest_lag_seconds: '120x600',
          'tributary_ingest_batch_seconds_count{outcome="written"}': '0+1x600',
        },
        at: '12m',
        labels: {},
      },
      {
        when: 'messages wait and none is written',
        series: {
          tributary_ingest_pending_messages: '50x600',
          'tributary_ingest_batch_seconds_count{outcome="written"}': '7x600',
        },
        at: '12m',
        labels: {},
      },
    ],
    quiet: [
      {
        when: 'nothing has come since the late batch',
        series: {
          tributary_ingest_lag_seconds: '120x600',
          tributary_ingest_pending_messages: '0x600',
          'tributary_ingest_batch_seconds_count{outcome="written"}': '7x600',
        },
        at: '30m',
      },
      {
        when: 'it keeps up',
        series: {
          tributary_ingest_lag_seconds: '2x600',
          tributary_ingest_pending_messages: '9x600',
          'tributary_ingest_batch_seconds_count{outcome="written"}': '0+1x600',
        },
        at: '30m',
      },
    ],
  },
  TemporalScheduleToStartHigh: {
    fires: [
      {
        when: 'most wait over a second',
        series: waits('main', 1, 10),
        at: '12m',
        labels: { task_queue: 'main' },
        value: '4.728k',
      },
    ],
    quiet: [{ when: 'nearly all begin at once', series: waits('main', 10, 10), at: '12m' }],
  },
  JetStreamPendingGrowing: {
    fires: [
      {
        when: 'it falls behind',
        series: { 'tributary_nats_consumer_pending_messages{stream="s", consumer="c"}': '1000+100x600' },
        at: '15m',
        labels: { stream: 's', consumer: 'c' },
        value: '7000',
      },
    ],
    quiet: [
      {
        when: 'it catches up',
        series: { 'tributary_nats_consumer_pending_messages{stream="s", consumer="c"}': '90000-100x600' },
        at: '15m',
      },
      {
        when: 'few wait',
        series: { 'tributary_nats_consumer_pending_messages{stream="s", consumer="c"}': '0+1x600' },
        at: '15m',
      },
    ],
  },
  TargetDown: {
    fires: [
      {
        when: 'a worker does not answer',
        series: { ...threeUp, 'up{job="worker", instance="w"}': '0x600' },
        at: '4m',
        labels: { job: 'worker', instance: 'w' },
      },
      {
        when: 'the recorder is not there at all',
        series: { 'up{job="orchestrator", instance="1"}': '1x600', 'up{job="api", instance="api"}': '1x600' },
        at: '4m',
        labels: { job: 'recorder' },
      },
    ],
    quiet: [
      { when: 'all answer', series: { ...threeUp, 'up{job="worker", instance="w"}': '1x600' }, at: '30m' },
      {
        when: 'one misses two scrapes',
        series: { ...threeUp, 'up{job="worker", instance="w"}': '1x20 0x1 1x600' },
        at: '8m',
      },
    ],
  },
};

/** Of `all` workflow tasks in 15 seconds, so many begin within a tenth of a second, the others within 5 seconds. */
function waits(queue: string, fast: number, all: number): InputSeries {
  const name = 'temporal_workflow_task_schedule_to_start_latency_bucket';
  return {
    [`${name}{task_queue="${queue}", le="100"}`]: `0+${fast}x600`,
    [`${name}{task_queue="${queue}", le="5000"}`]: `0+${all}x600`,
    [`${name}{task_queue="${queue}", le="+Inf"}`]: `0+${all}x600`,
  };
}

/** What must be without any series at all: nothing, but that a process that must always be there is missing. */
export const firesWithoutData: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  TargetDown: [{ job: 'orchestrator' }, { job: 'recorder' }, { job: 'api' }],
};
