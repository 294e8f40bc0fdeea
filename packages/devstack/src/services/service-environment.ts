import { join } from 'node:path';
import { natsControlUser, natsWorkerUser } from '../nats/nats-configuration.js';
import { postgresUrl } from '../postgres/postgres-unit.js';
import { prometheusUrl } from '../prometheus/prometheus-unit.js';
import { secretFile } from '../stack/secrets.js';
import type { StackDocument } from '../stack/stack-document.js';
import type { StackFolders } from '../stack/stack-folders.js';
import { temporalAddress, temporalNamespace, temporalUiUrl } from '../temporal/temporal-unit.js';

export type ServiceEnvironment = Readonly<Record<string, string>>;

export interface WorkerPlacement {
  /** Unique in the installation. */
  readonly name: string;
  /** `cpu` or `gpu:N`. */
  readonly device: string;
}

interface Stack {
  readonly folders: StackFolders;
  readonly document: StackDocument;
}

/**
 * The environment of the orchestrator, the recorder and the API (the contract is in the README of this package).
 * `TRIBUTARY_POSTGRES_URL` holds a password.
 */
export async function controlEnvironment(stack: Stack, name: string): Promise<ServiceEnvironment> {
  return {
    ...sharedEnvironment(stack, name),
    TRIBUTARY_NATS_USER: natsControlUser,
    TRIBUTARY_NATS_PASSWORD_FILE: secretFile(stack.folders, 'nats-control'),
    TRIBUTARY_NATS_MONITOR_URL: `http://127.0.0.1:${stack.document.ports.natsMonitor}`,
    TRIBUTARY_POSTGRES_URL: await postgresUrl(stack),
    TRIBUTARY_TEMPORAL_ADDRESS: temporalAddress(stack),
    TRIBUTARY_TEMPORAL_NAMESPACE: temporalNamespace,
    TRIBUTARY_TEMPORAL_UI_URL: temporalUiUrl(stack),
    TRIBUTARY_PROMETHEUS_URL: prometheusUrl(stack),
    TRIBUTARY_API_PORT: String(stack.document.ports.api),
    TRIBUTARY_API_TOKEN_FILE: secretFile(stack.folders, 'api'),
  };
}

/** The environment of an agent: one outbound connection, to NATS; neither Postgres nor Temporal. */
export function workerEnvironment(stack: Stack, worker: WorkerPlacement): ServiceEnvironment {
  return {
    ...sharedEnvironment(stack, worker.name),
    TRIBUTARY_NATS_USER: natsWorkerUser,
    TRIBUTARY_NATS_PASSWORD_FILE: secretFile(stack.folders, 'nats-worker'),
    TRIBUTARY_WORKER_NAME: worker.name,
    TRIBUTARY_DEVICE: worker.device,
  };
}

/** The file that a service writes once it serves. */
export function readyFile(folders: StackFolders, name: string): string {
  return join(folders.ready, name);
}

function sharedEnvironment({ folders, document }: Stack, name: string): ServiceEnvironment {
  return {
    TRIBUTARY_STATE_DIR: folders.state,
    TRIBUTARY_DATA_DIR: folders.data,
    TRIBUTARY_NAMESPACE: document.namespaces[0] ?? 'main',
    TRIBUTARY_PROCESS_NAME: name,
    TRIBUTARY_NATS_URL: `nats://127.0.0.1:${document.ports.nats}`,
    TRIBUTARY_TARGETS_DIR: folders.targets,
    TRIBUTARY_READY_FILE: readyFile(folders, name),
  };
}
