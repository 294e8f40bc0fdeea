import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import type { Launch } from '../processes/detached-process.js';
import { repositoryRoot } from '../setup/folders.js';
import { httpAnswers, reasonOf, type Unit, type UnitContext } from '../stack/unit.js';
import { controlEnvironment, readyFile, type ServiceEnvironment, workerEnvironment, type WorkerPlacement } from './service-environment.js';

export const controlServices = ['orchestrator', 'recorder', 'api'] as const;
export type ControlService = (typeof controlServices)[number];

export function controlUnit(context: UnitContext, name: ControlService): Unit {
  const address = name === 'api' ? apiUrl(context) : '';
  return serviceUnit(context, { name, service: name, address, environment: () => controlEnvironment(context, name), stopGraceMs: 20_000 });
}

export function workerUnit(context: UnitContext, worker: WorkerPlacement): Unit {
  const environment = async (): Promise<ServiceEnvironment> => workerEnvironment(context, worker);
  // An agent ends its trainer at a step's end and hands in what it holds.
  return serviceUnit(context, { name: worker.name, service: 'worker', address: worker.device, environment, stopGraceMs: 30_000 });
}

export function apiUrl({ document }: Pick<UnitContext, 'document'>): string {
  return `http://127.0.0.1:${document.ports.api}`;
}

interface Service {
  readonly name: string;
  /** Its folder under `services/`. */
  readonly service: ControlService | 'worker';
  readonly address: string;
  environment(): Promise<ServiceEnvironment>;
  readonly stopGraceMs: number;
}

function serviceUnit(context: UnitContext, service: Service): Unit {
  const ready = readyFile(context.folders, service.name);
  return {
    name: service.name,
    address: service.address,
    launch: () => launchService(context, service, ready),
    check: () => reasonOf(() => askService(ready)),
    startTimeoutMs: 90_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: service.stopGraceMs,
  };
}

async function launchService({ env }: UnitContext, { service, environment }: Service, ready: string): Promise<Launch> {
  const root = repositoryRoot();
  const main = join(root, 'services', service, 'dist', 'main.js');
  if (!existsSync(main)) throw new TributaryError('PREREQUISITE_MISSING', `${main} does not exist; run make build in ${root}.`);
  await rm(ready, { force: true });
  return { file: process.execPath, args: ['--enable-source-maps', main], env: { ...env, ...(await environment()) }, cwd: root };
}

/** The ready file holds the URL to ask, e.g. of /metrics; an empty one says only that the service is ready. */
async function askService(ready: string): Promise<void> {
  const content = await readFile(ready, 'utf8').catch(() => undefined);
  if (content === undefined) throw new Error('it is not ready yet');
  const url = content.trim();
  if (url !== '') await httpAnswers(url);
}
