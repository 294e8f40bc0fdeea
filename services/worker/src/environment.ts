import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isToken, type NatsNames, natsNames, TributaryError, type WorkerId } from '@tributary/protocol';
import { type LogLevel, logLevels } from '@tributary/telemetry';

export type BackendChoice = 'auto' | 'tensorflow' | 'wasm' | 'cpu';

/** What an agent and its children are told by their environment, read once. */
export interface WorkerEnvironment {
  readonly names: NatsNames;
  readonly natsUrl: string;
  readonly natsUser: string;
  readonly natsPassword: string;
  readonly worker: WorkerId;
  /** `cpu` or `gpu:N`. */
  readonly device: string;
  readonly backend: BackendChoice;
  readonly targetsDir: string | null;
  readonly logLevel: LogLevel;
}

const backends: readonly string[] = ['auto', 'tensorflow', 'wasm', 'cpu'];

export function readEnvironment(env: NodeJS.ProcessEnv): WorkerEnvironment {
  const required = (name: string): string => {
    const value = env[name];
    if (!value)
      throw new TributaryError(
        'PREREQUISITE_MISSING',
        `${name} is not set; start workers with "npx tributary up" or "npx tributary worker start".`,
      );
    return value;
  };
  const worker = env.TRIBUTARY_WORKER_NAME ?? `${hostname().replace(/[^A-Za-z0-9_-]/g, '-')}-${process.pid}`;
  if (!isToken(worker))
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `TRIBUTARY_WORKER_NAME is "${worker}"; use letters, digits, "-" and "_" only.`,
    );
  const device = env.TRIBUTARY_DEVICE ?? 'cpu';
  if (!/^(cpu|gpu:\d+)$/.test(device))
    throw new TributaryError('PREREQUISITE_MISSING', `TRIBUTARY_DEVICE is "${device}"; it must be cpu or gpu:N.`);
  const backend = env.TRIBUTARY_BACKEND ?? 'auto';
  if (!backends.includes(backend))
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `TRIBUTARY_BACKEND is "${backend}"; it must be one of ${backends.join(', ')}.`,
    );
  return {
    names: natsNames(env.TRIBUTARY_NAMESPACE ?? 'main'),
    natsUrl: required('TRIBUTARY_NATS_URL'),
    natsUser: env.TRIBUTARY_NATS_USER ?? 'worker',
    natsPassword: readFileSync(required('TRIBUTARY_NATS_PASSWORD_FILE'), 'utf8').trim(),
    worker: worker as WorkerId,
    device,
    backend: backend as BackendChoice,
    targetsDir: env.TRIBUTARY_TARGETS_DIR ?? null,
    logLevel: logLevels.find((level) => level === env.TRIBUTARY_LOG_LEVEL) ?? 'info',
  };
}
