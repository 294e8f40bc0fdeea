import { type NatsNames, natsNames } from '@tributary/protocol';
import { type LogLevel, logLevels } from '@tributary/telemetry';
import type { Variables } from './variables.js';

/** What every process of ours is told. */
export interface BaseEnvironment {
  readonly names: NatsNames;
  readonly nats: NatsAccess;
  /** Where Prometheus looks for files of targets; null: announced nowhere. */
  readonly targetsDir: string | null;
  readonly logLevel: LogLevel;
  /** `nats`, `file:///folder` or `s3://bucket/prefix?endpoint=…`. */
  readonly checkpointStore: string;
}

export interface NatsAccess {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** @param natsUser the user where TRIBUTARY_NATS_USER does not say another */
export function baseEnvironment(variables: Variables, natsUser: 'control' | 'worker'): BaseEnvironment {
  return {
    names: natsNames(variables.token('TRIBUTARY_NAMESPACE', 'main')),
    nats: {
      url: variables.required('TRIBUTARY_NATS_URL'),
      user: variables.optional('TRIBUTARY_NATS_USER') ?? natsUser,
      password: variables.secret('TRIBUTARY_NATS_PASSWORD_FILE'),
    },
    targetsDir: variables.optional('TRIBUTARY_TARGETS_DIR'),
    checkpointStore: variables.optional('TRIBUTARY_CHECKPOINT_STORE') ?? 'nats',
    logLevel: variables.oneOf('TRIBUTARY_LOG_LEVEL', logLevels, 'info'),
  };
}
