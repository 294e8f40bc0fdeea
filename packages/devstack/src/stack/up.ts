import { TributaryError } from '@tributary/protocol';
import { migrateToLatest, openDatabase } from '@tributary/run-store';
import { asControl } from '../nats/nats-unit.js';
import { provisionJetStream } from '../nats/provision-jetstream.js';
import { postgresUrl } from '../postgres/postgres-unit.js';
import { readRunning } from '../processes/detached-process.js';
import { buildPrometheusLater } from '../prometheus/build-later.js';
import { controlServices, controlUnit, workerUnit } from '../services/service-unit.js';
import type { Report } from '../setup/command.js';
import { exclusively } from '../setup/exclusive.js';
import { stopServices } from './down.js';
import { ensureSecrets } from './secrets.js';
import {
  chooseFreePorts,
  type PortName,
  portIsFree,
  portNames,
  readStackDocument,
  type StackDocument,
  writeStackDocument,
} from './stack-document.js';
import { makeStackFolders, type StackFolders, stackLockFile } from './stack-folders.js';
import { startUnit } from './start-unit.js';
import { plainSteps, type Step, type StepGroup, type StepRunner } from './steps.js';
import type { Unit, UnitContext } from './unit.js';
import { placeWorkers, type ServerName, serverNames, serverUnit } from './units.js';

export interface UpOptions {
  readonly folders: StackFolders;
  /** Default: all four. */
  readonly servers?: readonly ServerName[];
  /** Orchestrator, recorder and API. Default true. */
  readonly services?: boolean;
  /** Worker processes; `auto`: one a GPU, else 3. Default `auto` with services, else 0. */
  readonly workers?: number | 'auto';
  /** Namespaces that the NATS user `worker` may use; the services use the first. Remembered. Default `['main']`. */
  readonly namespaces?: readonly string[];
  /**
   * Where Prometheus is not built yet, do not wait for it: build it at low priority in the background, then start it.
   * Default: true with the default servers, false where Prometheus was asked for by name.
   */
  readonly deferPrometheus?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly report: Report;
  /** Default: plain lines to `report`. */
  readonly runSteps?: StepRunner;
  /** Brings the database of the URL to the newest schema. Default: the run store's migrations. */
  readonly migrate?: (url: string) => Promise<void>;
}

/** A stack that is up: everything that a client needs. */
export interface RunningStack extends UnitContext {}

const whatPortsServe: Readonly<Record<ServerName | 'api', readonly PortName[]>> = {
  postgres: ['postgres'],
  nats: ['nats', 'natsMonitor'],
  temporal: ['temporal', 'temporalHistory', 'temporalMatching', 'temporalWorker', 'temporalUi', 'temporalMetrics'],
  prometheus: ['prometheus'],
  api: ['api'],
};

/**
 * Brings a stack up: the servers side by side, then migrations, the control services, the workers. What runs already is
 * only asked. A second `up` at the same moment waits for the first.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` or `SERVER_FAILED` with the remedy; what was started stays up.
 */
export async function up(options: UpOptions): Promise<RunningStack> {
  const { folders, report } = options;
  const env = options.env ?? process.env;
  await makeStackFolders(folders);
  const waiting = 'Another tributary up or down of this stack is at work; waiting for it';
  return exclusively(stackLockFile(folders), { waiting, report, timeoutMs: 1_800_000 }, async () => {
    await ensureSecrets(folders);
    const { document, moved } = await prepareDocument(options);
    if (moved) await stopServices({ folders, report });
    const context: UnitContext = { folders, document, env };
    const runSteps = options.runSteps ?? plainSteps(report);
    await runSteps(await planSteps(options, context));
    return context;
  });
}

/** Starts real servers in a folder of the caller's, without services: what a test needs. Stop them with {@link down}. */
export function startServers(
  folders: StackFolders,
  options: Omit<UpOptions, 'folders' | 'services' | 'workers'>,
): Promise<RunningStack> {
  return up({ ...options, folders, services: false, workers: 0 });
}

async function planSteps(options: UpOptions, context: UnitContext): Promise<StepGroup[]> {
  const wanted = options.servers ?? serverNames;
  const later =
    (options.deferPrometheus ?? options.servers === undefined) &&
    wanted.includes('prometheus') &&
    (await buildPrometheusLater(context, options.report));
  const servers = later ? wanted.filter((name) => name !== 'prometheus') : wanted;
  const withServices = options.services ?? true;
  const asStep = (unit: Unit): Step => ({
    title: unit.name,
    run: async (report) => {
      await startUnit(context.folders, unit, report);
    },
  });
  const groups: StepGroup[] = [{ title: 'servers', steps: servers.map((name) => asStep(serverUnit(context, name))) }];
  const preparations: Step[] = [];
  if (servers.includes('postgres')) {
    const migrate = options.migrate ?? migrateRunStore;
    preparations.push({ title: 'migrations', run: async () => migrate(await postgresUrl(context)) });
  }
  if (servers.includes('nats')) preparations.push({ title: 'streams', run: () => provisionNamespaces(context) });
  if (preparations.length > 0) groups.push({ title: 'preparation', steps: preparations });
  if (withServices) {
    groups.push({ title: 'services', steps: controlServices.map((name) => asStep(controlUnit(context, name))) });
  }
  const workers = await placeWorkers(options.workers ?? (withServices ? 'auto' : 0));
  if (workers.length > 0)
    groups.push({ title: 'workers', steps: workers.map((worker) => asStep(workerUnit(context, worker))) });
  return groups;
}

async function provisionNamespaces(context: UnitContext): Promise<void> {
  await asControl(context, async (connection) => {
    for (const namespace of context.document.namespaces) await provisionJetStream(connection, namespace);
  });
}

async function migrateRunStore(url: string): Promise<void> {
  const database = openDatabase(url, { maxConnections: 2, applicationName: 'tributary migrations' });
  try {
    await migrateToLatest(database);
  } finally {
    await database.destroy();
  }
}

/**
 * The remembered document, or a new one. A port that another program took while its server was down is replaced: the
 * services that still run hold the old address then.
 */
async function prepareDocument({
  folders,
  namespaces,
  report,
}: UpOptions): Promise<{ document: StackDocument; moved: boolean }> {
  const before = await readStackDocument(folders);
  for (const namespace of namespaces ?? []) {
    if (!/^[a-z0-9][a-z0-9_]{0,40}$/.test(namespace)) {
      throw new TributaryError(
        'SPEC_INVALID',
        `The namespace "${namespace}" must be 1 to 41 of a-z, 0-9 and _; change TRIBUTARY_NAMESPACE.`,
      );
    }
  }
  if (before === undefined) {
    const ports = await chooseFreePorts(portNames);
    const document: StackDocument = {
      format: 1,
      namespaces: namespaces ?? ['main'],
      ports: { ...ports } as StackDocument['ports'],
    };
    await writeStackDocument(folders, document);
    return { document, moved: false };
  }
  const ports = { ...before.ports };
  let moved = false;
  for (const [name, portsOfUnit] of Object.entries(whatPortsServe)) {
    if ((await readRunning(folders, name)) !== undefined) continue;
    for (const port of portsOfUnit) {
      if (await portIsFree(ports[port])) continue;
      const chosen = (await chooseFreePorts([port], new Set(Object.values(ports))))[port];
      if (chosen === undefined) continue;
      report(`${name}: another program listens on port ${ports[port]} (${port}) by now; taking ${chosen}`);
      ports[port] = chosen;
      moved = true;
    }
  }
  const document: StackDocument = { ...before, namespaces: namespaces ?? before.namespaces, ports };
  if (JSON.stringify(document) !== JSON.stringify(before)) await writeStackDocument(folders, document);
  return { document, moved };
}
