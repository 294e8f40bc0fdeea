import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRunning, startDetached } from '../processes/detached-process.js';
import { findServer } from '../servers/find-server.js';
import { goServers } from '../servers/release.js';
import type { Report } from '../setup/command.js';
import { repositoryRoot } from '../setup/folders.js';
import type { UnitContext } from '../stack/unit.js';

/** The name under which the background build is recorded. */
export const prometheusBuild = 'prometheus-build';

/**
 * Where Prometheus is not built yet, starts its build in the background; the build starts Prometheus when it is done.
 *
 * @returns false where Prometheus is there and can be started now.
 */
export async function buildPrometheusLater({ folders, env }: UnitContext, report: Report): Promise<boolean> {
  if ((await findServer(goServers.prometheus, env)).found) return false;
  if ((await readRunning(folders, prometheusBuild)) !== undefined) return true;
  const main = join(repositoryRoot(), 'packages', 'devstack', 'dist', 'prometheus', 'build-later-main.js');
  if (!existsSync(main)) return false;
  report(
    'prometheus: being built in the background at low priority (usually 2 to 5 minutes, once); it starts by itself',
  );
  const args = [main, folders.name, folders.state, folders.data];
  await startDetached(
    folders,
    { name: prometheusBuild, address: '' },
    { file: process.execPath, args, env, cwd: repositoryRoot() },
  );
  return true;
}
