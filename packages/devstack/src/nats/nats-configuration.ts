import { workerPermissions } from './worker-permissions.js';

export const natsControlUser = 'control';
export const natsWorkerUser = 'worker';

/** Chunks of gradients and objects stay below this. */
export const natsMaxPayloadBytes = 8 * 1024 * 1024;
/** Above this backlog the server drops a client; receivers grant credits that stay below it. */
export const natsMaxPendingBytes = 64 * 1024 * 1024;

/**
 * Go's runtime in nats-server. Each message longer than its read buffer of 64 KiB is garbage to it; collecting at every
 * doubling of a heap of a few megabytes took a quarter of its time (1.1 CPU-seconds a gigabyte of gradients, 0.8 with these; on
 * processors that are busy besides 1.5 and 0.8).
 */
export const natsRuntimeEnvironment = { GOGC: '1000', GOMEMLIMIT: '1GiB' } as const;

export interface NatsConfigurationInput {
  readonly port: number;
  readonly monitorPort: number;
  readonly storeFolder: string;
  readonly namespaces: readonly string[];
  readonly controlPassword: string;
  readonly workerPassword: string;
}

/** The configuration file of nats-server. It holds the passwords: write it with mode 0600. */
export function natsConfiguration(input: NatsConfigurationInput): string {
  const permissions = input.namespaces.map(workerPermissions);
  const publish = permissions.flatMap((each) => each.publish);
  const subscribe = [...new Set(permissions.flatMap((each) => each.subscribe))];
  const configuration = {
    server_name: 'tributary',
    listen: `127.0.0.1:${input.port}`,
    http: `127.0.0.1:${input.monitorPort}`,
    max_payload: natsMaxPayloadBytes,
    max_pending: natsMaxPendingBytes,
    jetstream: {
      store_dir: input.storeFolder,
      // An acknowledged record or generation survives a power cut.
      sync_interval: 'always',
      max_memory_store: 256 * 1024 * 1024,
      max_file_store: 100 * 1024 * 1024 * 1024,
    },
    authorization: {
      users: [
        { user: natsControlUser, password: input.controlPassword },
        {
          user: natsWorkerUser,
          password: input.workerPassword,
          permissions: { publish: { allow: [...new Set(publish)] }, subscribe: { allow: subscribe } },
        },
      ],
    },
  };
  // nats-server reads JSON as it reads its own format.
  return `${JSON.stringify(configuration, null, 2)}\n`;
}
