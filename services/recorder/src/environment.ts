import { readFileSync } from 'node:fs';
import { type NatsNames, natsNames, TributaryError } from '@tributary/protocol';
import { type LogLevel, logLevels } from '@tributary/telemetry';

/** What the recorder is told by its environment, read once. */
export interface RecorderEnvironment {
  readonly names: NatsNames;
  readonly natsUrl: string;
  readonly natsUser: string;
  readonly natsPassword: string;
  readonly postgresUrl: string;
  /** This recorder among several of one installation. */
  readonly instance: string;
  readonly targetsDir: string | null;
  readonly logLevel: LogLevel;
  /** Batches are written at this many messages, or this long after their first. */
  readonly batchMessages: number;
  readonly batchWaitMs: number;
  /** A killed recorder's messages are delivered again after this. */
  readonly ackWaitMs: number;
  /** Where a test has the process killed: `point:count,…`. */
  readonly faults: string;
}

/** @throws TributaryError `PREREQUISITE_MISSING` that names the variable */
export function readEnvironment(env: NodeJS.ProcessEnv): RecorderEnvironment {
  const required = (name: string): string => {
    const value = env[name];
    if (!value)
      throw new TributaryError(
        'PREREQUISITE_MISSING',
        `${name} is not set; \`tributary up\` starts the recorder with it.`,
      );
    return value;
  };
  const count = (name: string, fallback: number): number => {
    const value = env[name] === undefined ? fallback : Number(env[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new TributaryError('PREREQUISITE_MISSING', `${name} is "${env[name]}"; it must be a whole number above 0.`);
    return value;
  };
  const logLevel = env.TRIBUTARY_LOG_LEVEL ?? 'info';
  if (!(logLevels as readonly string[]).includes(logLevel))
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `TRIBUTARY_LOG_LEVEL is "${logLevel}"; it must be one of ${logLevels.join(', ')}.`,
    );
  return {
    names: natsNames(env.TRIBUTARY_NAMESPACE ?? 'main'),
    natsUrl: required('TRIBUTARY_NATS_URL'),
    natsUser: required('TRIBUTARY_NATS_USER'),
    natsPassword: readFileSync(required('TRIBUTARY_NATS_PASSWORD_FILE'), 'utf8').trim(),
    postgresUrl: required('TRIBUTARY_POSTGRES_URL'),
    instance: env.TRIBUTARY_INSTANCE ?? '1',
    targetsDir: env.TRIBUTARY_TARGETS_DIR ?? null,
    logLevel: logLevel as LogLevel,
    batchMessages: count('TRIBUTARY_RECORDER_BATCH_MESSAGES', 500),
    batchWaitMs: count('TRIBUTARY_RECORDER_BATCH_WAIT_MS', 200),
    ackWaitMs: count('TRIBUTARY_RECORDER_ACK_WAIT_MS', 15_000),
    faults: env.TRIBUTARY_RECORDER_FAULTS ?? '',
  };
}
