import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Launch } from '../processes/detached-process.js';
import { ensureServer } from '../servers/build-server.js';
import { goServers } from '../servers/release.js';
import type { Report } from '../setup/command.js';
import { repositoryRoot } from '../setup/folders.js';
import { writeWholeFile } from '../setup/whole-file.js';
import { httpAnswers, reasonOf, type Unit, type UnitContext } from '../stack/unit.js';

export function prometheusUrl({ document }: Pick<UnitContext, 'document'>): string {
  return `http://127.0.0.1:${document.ports.prometheus}`;
}

export function prometheusUnit(context: UnitContext): Unit {
  const address = prometheusUrl(context);
  return {
    name: 'prometheus',
    address,
    launch: (report) => launchPrometheus(context, report),
    check: () => reasonOf(() => httpAnswers(`${address}/-/ready`)),
    startTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 30_000,
  };
}

async function launchPrometheus({ folders, document, env }: UnitContext, report: Report): Promise<Launch> {
  const binary = await ensureServer(goServers.prometheus, { env, report });
  const data = join(folders.data, 'prometheus');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const rules = join(repositoryRoot(), 'infra', 'prometheus', 'rules');
  const configuration = prometheusConfiguration(folders.targets, document.ports.prometheus, rules);
  const file = join(folders.configuration, 'prometheus.yml');
  await writeWholeFile(file, configuration);
  const args = {
    'config.file': file,
    'storage.tsdb.path': data,
    'storage.tsdb.retention.time': '90d',
    'web.listen-address': `127.0.0.1:${document.ports.prometheus}`,
    'log.level': 'warn',
  };
  return { file: binary.path, args: Object.entries(args).map(([name, value]) => `--${name}=${value}`), env, cwd: data };
}

/**
 * Every process of the stack announces itself by a file in the targets folder, also one that starts later.
 * @param rulesFolder of recording and alerting rules, `*.yml`
 */
export function prometheusConfiguration(targetsFolder: string, port: number, rulesFolder: string): string {
  const configuration = {
    global: { scrape_interval: '5s', evaluation_interval: '15s' },
    rule_files: [join(rulesFolder, '*.yml')],
    scrape_configs: [
      { job_name: 'prometheus', static_configs: [{ targets: [`127.0.0.1:${port}`] }] },
      { job_name: 'tributary', file_sd_configs: [{ files: [join(targetsFolder, '*.json')], refresh_interval: '10s' }] },
    ],
  };
  // JSON is YAML.
  return `${JSON.stringify(configuration, null, 2)}\n`;
}
