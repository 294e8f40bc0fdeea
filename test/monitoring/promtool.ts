import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ensureServer, goServers } from '@tributary/devstack';

/** Beside Prometheus, with which it is built and shipped. */
async function promtoolPath(): Promise<string> {
  const { path } = await ensureServer(goServers.prometheus, { report: () => undefined });
  const beside = join(dirname(path), 'promtool');
  if (!existsSync(beside)) throw new Error(`There is no promtool beside ${path}.`);
  return beside;
}

/** Runs promtool. @returns what it printed, and whether it was content */
export async function promtool(...args: readonly string[]): Promise<{ readonly ok: boolean; readonly output: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(await promtoolPath(), args, { maxBuffer: 2 ** 24 });
    return { ok: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    return { ok: false, output: `${message}\n${stdout}${stderr}` };
  }
}
