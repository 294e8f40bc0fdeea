import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { RunFileInput } from '@tributary/config';
import { readSecret, secretFile } from '@tributary/devstack';
import { type Beacon, natsNames } from '@tributary/protocol';
import { type Db, openDatabase } from '@tributary/run-store';
import { ChaosProcess, childrenOf } from './chaos-process.js';
import { type ChaosServers, openChaosServers } from './chaos-servers.js';
import { type FarNetwork, openFarNetwork } from './far-network.js';
import type { Service } from './fault.js';

/** A whole installation whose every part can be killed: its own servers, the control services and agents. */
export interface ChaosStack {
  readonly folder: string;
  readonly servers: ChaosServers;
  readonly services: Readonly<Record<Service, ChaosProcess>>;
  readonly workers: ReadonlyMap<string, ChaosProcess>;
  /** The network of the last worker; null where none could be made, and why. */
  readonly far: FarNetwork | null;
  readonly farRefused: string | null;
  /** The driver's own; it waits for a server that is away. */
  readonly connection: NatsConnection;
  readonly db: Db;
  /** The newest beacon of each worker. */
  readonly beacons: ReadonlyMap<string, Beacon>;
  /** The process that trains for a worker now; null where there is none. */
  trainerOf(worker: string): number | null;
  snapshotsOf(worker: string): string;
  startWorker(worker: string, env?: Readonly<Record<string, string>>): Promise<void>;
  /** Lets a process's clock jump. */
  jumpClock(pid: number, hours: number): Promise<void>;
  launch(spec: RunFileInput): Promise<string>;
  /** Ends everything. The folder with the logs stays where `keep` is set. */
  close(keep: boolean): Promise<void>;
}

export interface ChaosStackOptions {
  readonly workers: readonly string[];
  /** Ask for a worker behind a network of its own: the last one. */
  readonly farWorker: boolean;
  readonly report: (line: string) => void;
}

export async function openChaosStack(options: ChaosStackOptions): Promise<ChaosStack> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-chaos-'));
  const logs = join(folder, 'logs');
  await mkdir(logs);
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (keep: boolean): Promise<void> => {
    for (const each of undo.toReversed()) await each().catch((error: unknown) => options.report(`closing: ${error}`));
    if (!keep) await rm(folder, { recursive: true, force: true });
  };
  try {
    return await build();
  } catch (error) {
    await close(true);
    throw error;
  }

  async function build(): Promise<ChaosStack> {
    const servers = await openChaosServers(folder, options.report);
    undo.push(() => servers.close());
    const names = natsNames(servers.namespace);
    const connection = await connect({
      servers: servers.natsUrl,
      ...servers.controlUser,
      name: 'chaos',
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    undo.push(() => connection.close());
    const db = openDatabase(servers.postgresUrl, { maxConnections: 2, applicationName: 'chaos' });
    undo.push(() => db.destroy());

    let far: FarNetwork | null = null;
    let farRefused: string | null = null;
    if (options.farWorker) {
      try {
        const opened = await openFarNetwork(servers.natsPort);
        undo.push(() => opened.close());
        far = opened;
      } catch (error) {
        farRefused = error instanceof Error ? error.message : String(error);
      }
    }

    const clockFile = join(folder, 'clock-hours');
    await writeFile(clockFile, '0');
    const common = { TRIBUTARY_CHAOS_CLOCK: clockFile, TRIBUTARY_CHAOS_MARK: folder };
    const processes: ChaosProcess[] = [];
    undo.push(() => Promise.all(processes.map((each) => each.end('SIGKILL'))));
    const processOf = (name: string, service: Service | 'worker', env: Readonly<Record<string, string>>) => {
      const far_ = service === 'worker' && far !== null && name === options.workers.at(-1) ? far : null;
      const made = new ChaosProcess({
        name,
        service,
        logFile: join(logs, `${name}.log`),
        env: { ...env, ...common, ...(far_ === null ? {} : { TRIBUTARY_NATS_URL: `nats://${far_.address}` }) },
        ...(far_ === null ? {} : { prefix: far_.prefix }),
      });
      processes.push(made);
      return made;
    };
    const services = {
      orchestrator: processOf('orchestrator', 'orchestrator', servers.control),
      // Killed recorders are quickly replaced here; a minute's wait for each redelivery would only be waited.
      recorder: processOf('recorder', 'recorder', { ...servers.control, TRIBUTARY_RECORDER_ACK_WAIT_MS: '5000' }),
      api: processOf('api', 'api', servers.control),
    };
    const snapshotsOf = (worker: string): string => join(folder, 'snapshots', worker);
    const workers = new Map(
      options.workers.map((worker) => [
        worker,
        processOf(worker, 'worker', {
          ...servers.worker,
          TRIBUTARY_WORKER_NAME: worker,
          TRIBUTARY_SNAPSHOT_DIR: snapshotsOf(worker),
        }),
      ]),
    );

    const beacons = new Map<string, Beacon>();
    const subscription = connection.subscribe(names.beacon('*'), {
      callback: (error, message) => {
        if (error) return;
        const beacon = message.json<Beacon>();
        beacons.set(beacon.worker, beacon);
      },
    });
    undo.push(() => Promise.resolve(subscription.unsubscribe()));

    const processNamed = (worker: string): ChaosProcess => {
      const found = workers.get(worker);
      if (found === undefined) throw new Error(`there is no worker ${worker}`);
      return found;
    };
    const startWorker = async (worker: string, env: Readonly<Record<string, string>> = {}): Promise<void> => {
      const before = beacons.get(worker)?.incarnation;
      processNamed(worker).start(env);
      while (beacons.get(worker)?.incarnation === before) {
        if (!processNamed(worker).running) throw new Error(`worker ${worker} ended at its start; see ${logs}`);
        await delay(50);
      }
    };
    for (const service of Object.values(services)) service.start();
    await Promise.all(options.workers.map((worker) => startWorker(worker)));

    const base = `http://127.0.0.1:${servers.stack.document.ports.api}/v1`;
    const token = (await readSecret(secretFile(servers.stack.folders, 'api'))) ?? '';
    const launch = async (spec: RunFileInput): Promise<string> => {
      for (let tries = 0; ; tries++) {
        try {
          const response = await fetch(`${base}/runs`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify({ spec, files: {} }),
          });
          const answer = (await response.json()) as { run: string };
          if (response.ok) return answer.run;
          throw new Error(`POST /runs: ${response.status} ${JSON.stringify(answer)}`);
        } catch (error) {
          // The API may still start, or not have heard of any worker yet.
          if (tries >= 300) throw error;
          await delay(100);
        }
      }
    };
    return {
      folder,
      servers,
      services,
      workers,
      far,
      farRefused,
      connection,
      db,
      beacons,
      trainerOf: (worker) => trainerAmong(processNamed(worker).pid),
      snapshotsOf,
      startWorker,
      jumpClock: async (pid, hours) => {
        await writeFile(clockFile, String(hours));
        process.kill(pid, 'SIGUSR2');
        // It reads the file in its next turn.
        await delay(200);
      },
      launch,
      close,
    };
  }
}

/**
 * An agent has a trainer and perhaps a standby, of the same command. A standby is nice and younger than the trainer, which was
 * promoted before it was started.
 */
function trainerAmong(agent: number | null): number | null {
  if (agent === null) return null;
  const trainers = childrenOf(agent).filter(({ command }) => command.includes('trainer-main'));
  const [first] = trainers.toSorted((a, b) => nicenessOf(a.pid) - nicenessOf(b.pid) || a.pid - b.pid);
  return first?.pid ?? null;
}

function nicenessOf(pid: number): number {
  try {
    return getPriority(pid);
  } catch {
    return 20;
  }
}

/** Processes of this stack that are none of its services and agents: by the mark in their environment. */
export async function markedProcesses(folder: string): Promise<number[]> {
  const marked: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    if (environment.includes(`TRIBUTARY_CHAOS_MARK=${folder}\0`)) marked.push(Number(name));
  }
  return marked;
}
