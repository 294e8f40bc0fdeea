import { natsUnit } from '../nats/nats-unit.js';
import { postgresUnit } from '../postgres/postgres-unit.js';
import { prometheusUnit } from '../prometheus/prometheus-unit.js';
import type { WorkerPlacement } from '../services/service-environment.js';
import { controlServices, controlUnit, workerUnit } from '../services/service-unit.js';
import { runCommand } from '../setup/command.js';
import { temporalUnit } from '../temporal/temporal-unit.js';
import type { Unit, UnitContext } from './unit.js';

/** The real servers of a stack. */
export const serverNames = ['postgres', 'nats', 'temporal', 'prometheus'] as const;
export type ServerName = (typeof serverNames)[number];

export function serverUnit(context: UnitContext, name: ServerName): Unit {
  if (name === 'postgres') return postgresUnit(context);
  if (name === 'nats') return natsUnit(context);
  if (name === 'temporal') return temporalUnit(context);
  return prometheusUnit(context);
}

/** Rebuilds the unit of a recorded process from its name. */
export function unitOf(context: UnitContext, name: string): Unit | undefined {
  const server = serverNames.find((candidate) => candidate === name);
  if (server !== undefined) return serverUnit(context, server);
  const control = controlServices.find((candidate) => candidate === name);
  if (control !== undefined) return controlUnit(context, control);
  // The background build of Prometheus is no unit: it has nothing to ask.
  return isWorkerName(name) ? workerUnit(context, { name, device: '' }) : undefined;
}

const workerPrefix = 'worker-';

export function isWorkerName(name: string): boolean {
  return name.startsWith(workerPrefix);
}

/** Default number of workers of a machine without a GPU. */
export const workersWithoutGpu = 3;

/** One worker a GPU, else {@link workersWithoutGpu} on the CPU; a number asks for that many, spread over the GPUs. */
export async function placeWorkers(workers: number | 'auto'): Promise<WorkerPlacement[]> {
  const gpus = await countGpus();
  const count = workers === 'auto' ? gpus || workersWithoutGpu : workers;
  return Array.from({ length: count }, (_, index) => ({
    name: `${workerPrefix}${index + 1}`,
    device: gpus === 0 ? 'cpu' : `gpu:${index % gpus}`,
  }));
}

async function countGpus(): Promise<number> {
  const listed = await runCommand('nvidia-smi', ['-L'], { timeout: 20_000 });
  return listed.ok ? listed.output.split('\n').filter((line) => line.startsWith('GPU ')).length : 0;
}

/**
 * The order of ending: who depends on others ends first. Workers hand in what they hold while NATS runs; the recorder
 * writes to Postgres until it ends; Postgres is last.
 */
export function stopStage(name: string): number {
  if (isWorkerName(name)) return 0;
  const order = ['orchestrator', 'api', 'recorder', 'temporal', 'prometheus', 'nats', 'postgres'];
  const index = order.indexOf(name);
  // The control services end together, and so do the servers above NATS.
  if (index === -1) return 1;
  return index <= 2 ? 1 : index <= 4 ? 2 : index - 2;
}
