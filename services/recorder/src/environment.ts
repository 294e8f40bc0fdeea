import { type BaseEnvironment, baseEnvironment, variablesOf } from '@tributary/service-runtime';

/** What the recorder is told by its environment. */
export interface RecorderEnvironment extends BaseEnvironment {
  readonly postgresUrl: string;
  /** Where nats-server serves /varz and /jsz; null: its figures are not told. */
  readonly natsMonitorUrl: string | null;
  /** This recorder among several of one installation. */
  readonly instance: string;
  /** Batches are written at this many messages, or this long after their first. */
  readonly batchMessages: number;
  readonly batchWaitMs: number;
  /** A killed recorder's messages are delivered again after this. */
  readonly ackWaitMs: number;
  /** Where a test has the process killed: `point:count,…`. */
  readonly faults: string;
}

/** @throws TributaryError `PREREQUISITE_MISSING` naming the variable */
export function readEnvironment(env: NodeJS.ProcessEnv): RecorderEnvironment {
  const variables = variablesOf(env, '"npx tributary up" starts the recorder with it');
  return {
    ...baseEnvironment(variables, 'control'),
    postgresUrl: variables.required('TRIBUTARY_POSTGRES_URL'),
    natsMonitorUrl: variables.optional('TRIBUTARY_NATS_MONITOR_URL'),
    instance: variables.token('TRIBUTARY_INSTANCE', '1'),
    batchMessages: variables.wholeNumber('TRIBUTARY_RECORDER_BATCH_MESSAGES', { min: 1, fallback: 500 }),
    batchWaitMs: variables.wholeNumber('TRIBUTARY_RECORDER_BATCH_WAIT_MS', { min: 1, fallback: 200 }),
    ackWaitMs: variables.wholeNumber('TRIBUTARY_RECORDER_ACK_WAIT_MS', { min: 1, fallback: 15_000 }),
    faults: variables.optional('TRIBUTARY_RECORDER_FAULTS') ?? '',
  };
}
