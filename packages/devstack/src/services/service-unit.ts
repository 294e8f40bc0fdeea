import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import type { Launch } from '../processes/detached-process.js';
import { repositoryRoot } from '../setup/folders.js';
import { readSecret, secretFile } from '../stack/secrets.js';
import { httpAnswers, reasonOf, type Unit, type UnitContext } from '../stack/unit.js';
import {
  controlEnvironment,
  readyFile,
  type ServiceEnvironment,
  type WorkerPlacement,
  workerEnvironment,
} from './service-environment.js';

export const controlServices = ['orchestrator', 'recorder', 'api'] as const;
export type ControlService = (typeof controlServices)[number];

export function controlUnit(context: UnitContext, name: ControlService): Unit {
  const address = name === 'api' ? apiUrl(context) : '';
  return serviceUnit(context, {
    name,
    service: name,
    address,
    environment: () => controlEnvironment(context, name),
    stopGraceMs: 20_000,
  });
}

export function workerUnit(context: UnitContext, worker: WorkerPlacement): Unit {
  const environment = async (): Promise<ServiceEnvironment> => workerEnvironment(context, worker);
  // An agent ends its trainer at a step's end and hands in what it holds.
  return serviceUnit(context, {
    name: worker.name,
    service: 'worker',
    address: worker.device,
    environment,
    stopGraceMs: 30_000,
  });
}

export function apiUrl({ document }: Pick<UnitContext, 'document'>): string {
  return `http://127.0.0.1:${document.ports.api}`;
}

/** Where the API serves the console. */
export function consoleUrl(context: Pick<UnitContext, 'document'>): string {
  return `${apiUrl(context)}/console`;
}

/** An address of the console that signs in whoever opens it: it holds the token, behind `#`, which no browser sends. */
export async function consoleLink(context: Pick<UnitContext, 'document' | 'folders'>): Promise<string> {
  const token = await readSecret(secretFile(context.folders, 'api'));
  return `${consoleUrl(context)}${token === undefined ? '' : `#token=${token}`}`;
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
  return {
    name: service.name,
    address: service.address,
    launch: () => launchService(context, service),
    check: () => reasonOf(() => askService(context, service)),
    startTimeoutMs: 90_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: service.stopGraceMs,
  };
}

async function launchService({ env, folders }: UnitContext, service: Service): Promise<Launch> {
  const root = repositoryRoot();
  const main = join(root, 'services', service.service, 'dist', 'main.js');
  if (!existsSync(main))
    throw new TributaryError('PREREQUISITE_MISSING', `${main} does not exist; run make build in ${root}.`);
  // What a killed process left would be taken for its successor's.
  await rm(readyFile(folders, service.name), { force: true });
  const left = await announcedTarget(folders.targets, service);
  if (left !== undefined) await rm(left.file, { force: true });
  return {
    file: process.execPath,
    args: ['--enable-source-maps', main],
    env: { ...env, ...(await service.environment()) },
    cwd: root,
  };
}

/** Asks the URL of the ready file, else the health route beside the metrics that the service announced to Prometheus. */
async function askService({ folders }: UnitContext, service: Service): Promise<void> {
  const ready = await readFile(readyFile(folders, service.name), 'utf8').catch(() => undefined);
  if (ready !== undefined) {
    if (ready.trim() !== '') await httpAnswers(ready.trim());
    return;
  }
  const target = await announcedTarget(folders.targets, service);
  if (target === undefined) throw new Error('it has not announced itself yet');
  await httpAnswers(`http://${target.address}/healthz`);
}

async function announcedTarget(
  targets: string,
  { name, service }: Service,
): Promise<{ readonly file: string; readonly address: string } | undefined> {
  for (const entry of await readdir(targets)) {
    if (!entry.endsWith('.json') || entry.startsWith('.')) continue;
    const file = join(targets, entry);
    const announced = parseAnnouncement(await readFile(file, 'utf8').catch(() => ''));
    // There is one of each control service; workers are told apart by their names.
    if (announced?.job === service && (service !== 'worker' || announced.instance === name))
      return { file, address: announced.address };
  }
  return undefined;
}

interface Announcement {
  readonly address: string;
  readonly job: string;
  readonly instance: string;
}

/** Reads a file of Prometheus targets as `@tributary/telemetry` writes it. */
function parseAnnouncement(content: string): Announcement | undefined {
  try {
    const parsed = JSON.parse(content) as readonly { targets?: readonly string[]; labels?: Record<string, string> }[];
    const [first] = parsed;
    const address = first?.targets?.[0];
    const { job, instance } = first?.labels ?? {};
    return address === undefined || job === undefined ? undefined : { address, job, instance: instance ?? '' };
  } catch {
    return undefined;
  }
}
