import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Launch } from '../processes/detached-process.js';
import { ensureServer } from '../servers/build-server.js';
import { goServers } from '../servers/release.js';
import type { Report } from '../setup/command.js';
import { writeWholeFile } from '../setup/whole-file.js';
import { httpAnswers, reasonOf, type Unit, type UnitContext } from '../stack/unit.js';

/** The Temporal namespace that the stack's server registers. */
export const temporalNamespace = 'default';

export function temporalAddress({ document }: Pick<UnitContext, 'document'>): string {
  return `127.0.0.1:${document.ports.temporal}`;
}

export function temporalUiUrl({ document }: Pick<UnitContext, 'document'>): string {
  return `http://127.0.0.1:${document.ports.temporalUi}`;
}

export function temporalUnit(context: UnitContext): Unit {
  return {
    name: 'temporal',
    address: temporalAddress(context),
    launch: (report) => launchTemporal(context, report),
    // The UI's API asks the frontend over gRPC, which reads the namespace from its database.
    check: () => reasonOf(() => httpAnswers(`${temporalUiUrl(context)}/api/v1/namespaces/${temporalNamespace}`)),
    startTimeoutMs: 120_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 30_000,
  };
}

async function launchTemporal({ folders, document, env }: UnitContext, report: Report): Promise<Launch> {
  const binary = await ensureServer(goServers['temporal-server'], { env, report });
  const data = join(folders.data, 'temporal');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const { ports } = document;
  const target = { targets: [`127.0.0.1:${ports.temporalMetrics}`], labels: { job: 'temporal' } };
  await writeWholeFile(join(folders.targets, 'temporal.json'), `${JSON.stringify([target])}\n`);
  const args = {
    db: join(data, 'temporal.sqlite'),
    namespace: temporalNamespace,
    port: String(ports.temporal),
    'history-port': String(ports.temporalHistory),
    'matching-port': String(ports.temporalMatching),
    'worker-port': String(ports.temporalWorker),
    'ui-port': String(ports.temporalUi),
    'metrics-port': String(ports.temporalMetrics),
    'log-level': 'warn',
  };
  return { file: binary.path, args: Object.entries(args).map(([name, value]) => `-${name}=${value}`), env, cwd: data };
}
