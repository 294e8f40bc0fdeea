import { hostname } from 'node:os';
import type { WorkerId } from '@tributary/protocol';
import { type BaseEnvironment, baseEnvironment, variablesOf } from '@tributary/service-runtime';

const backends = ['auto', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;

/** What an agent and its children are told by their environment. */
export interface WorkerEnvironment extends BaseEnvironment {
  readonly worker: WorkerId;
  /** `cpu` or `gpu:N`. */
  readonly device: string;
  readonly backend: (typeof backends)[number];
  /** Whether a second trainer of a run is kept ready: it takes memory beside the first, which a GPU has less of. */
  readonly standby: boolean;
  /** How long a worker that is asked to leave waits for its lanes to move. */
  readonly drainMs: number;
}

/** @throws TributaryError `PREREQUISITE_MISSING` naming the variable */
export function readEnvironment(env: NodeJS.ProcessEnv): WorkerEnvironment {
  const variables = variablesOf(env, 'start workers with "npx tributary up" or "npx tributary worker start"');
  const device = variables.optional('TRIBUTARY_DEVICE') ?? 'cpu';
  if (!/^(cpu|gpu:\d+)$/.test(device))
    throw variables.wrong('TRIBUTARY_DEVICE', `is "${device}"; it must be cpu or gpu:N`);
  const drainSeconds = variables.wholeNumber('TRIBUTARY_DRAIN_SECONDS', { min: 0, max: 86_400, fallback: 30 });
  const fallbackName = `${hostname()
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 50)}-${process.pid}`;
  return {
    ...baseEnvironment(variables, 'worker'),
    worker: variables.token('TRIBUTARY_WORKER_NAME', fallbackName) as WorkerId,
    device,
    backend: variables.oneOf('TRIBUTARY_BACKEND', backends, 'auto'),
    standby: variables.oneOf('TRIBUTARY_STANDBY', ['graphs', 'off'], device === 'cpu' ? 'graphs' : 'off') === 'graphs',
    drainMs: drainSeconds * 1_000,
  };
}
