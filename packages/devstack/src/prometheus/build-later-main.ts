/** `build-later-main.js NAME STATE DATA`: builds Prometheus at low priority, then starts it in that stack. */
import { forget } from '../processes/detached-process.js';
import { ensureServer } from '../servers/build-server.js';
import { goServers } from '../servers/release.js';
import { stackFoldersAt } from '../stack/stack-folders.js';
import { up } from '../stack/up.js';
import { prometheusBuild } from './build-later.js';

const [name, state, data] = process.argv.slice(2);
if (name === undefined || state === undefined || data === undefined)
  throw new Error('usage: build-later-main.js NAME STATE DATA');
const folders = stackFoldersAt(name, state, data);
const report = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
try {
  await ensureServer(goServers.prometheus, { report, lowPriority: true });
  await up({ folders, servers: ['prometheus'], services: false, workers: 0, report });
  await forget(folders, prometheusBuild);
} catch (error) {
  // The record stays: status tells that the build failed and where its log is.
  report(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
