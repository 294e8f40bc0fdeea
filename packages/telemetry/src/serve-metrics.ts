import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { collectDefaultMetrics } from 'prom-client';
import type { Metrics } from './metrics.js';

export interface ServeMetricsOptions {
  readonly metrics: Metrics;
  /** Kind of process: `recorder`, `worker`, … */
  readonly job: string;
  /** This process among those of its job. */
  readonly instance: string;
  /** Where Prometheus looks for files of targets; null: announced nowhere. */
  readonly targetsDir: string | null;
  /** 0 or left out: any free port. */
  readonly port?: number;
  /** What `/healthz` answers: null for healthy, else what is wrong (503). */
  readonly health?: () => string | null;
}

export interface MetricsServer {
  readonly port: number;
  /** Stops serving and takes the target away. */
  close(): Promise<void>;
}

/**
 * Serves `/metrics` and `/healthz` on loopback and announces itself to Prometheus by a file of targets
 * (`<targetsDir>/<job>-<instance>.json`), so that processes that start later are found as well. Adds the usual metrics of a Node
 * process to the registry.
 */
export async function serveMetrics(options: ServeMetricsOptions): Promise<MetricsServer> {
  const { metrics, job, instance, targetsDir } = options;
  collectDefaultMetrics({ register: metrics.registry });
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (path === '/metrics') {
      metrics.scrape().then(
        (text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text),
        (error: unknown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(`${String(error)}\n`),
      );
    } else if (path === '/healthz') {
      const problem = options.health?.() ?? null;
      response.writeHead(problem === null ? 200 : 503, { 'content-type': 'text/plain' }).end(`${problem ?? 'ok'}\n`);
    } else {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There are /metrics and /healthz here.\n');
    }
  });
  const port = await listen(server, options.port ?? 0);
  const withdraw = targetsDir === null ? null : await announceTarget(targetsDir, { job, instance, port });
  return {
    port,
    async close() {
      await withdraw?.();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/**
 * Writes the file by which Prometheus finds a port of this process; returns how to take it away. A target of the same name is
 * replaced.
 */
export async function announceTarget(
  folder: string,
  { job, instance, port }: { readonly job: string; readonly instance: string; readonly port: number },
): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = targetFile(folder, job, instance);
  // Prometheus drops a label that begins so.
  const labels = { job, instance, __pid: String(process.pid) };
  const text = `${JSON.stringify([{ targets: [`127.0.0.1:${port}`], labels }])}\n`;
  // Prometheus reads *.json as soon as it appears: never half-written.
  const unfinished = join(folder, `.${basename(file, '.json')}.${randomBytes(6).toString('hex')}`);
  await writeFile(unfinished, text);
  await rename(unfinished, file);
  return async () => {
    // A successor of the same name may have announced itself already.
    const current = await readFile(file, 'utf8').catch(() => null);
    if (current === text) await rm(file, { force: true });
  };
}

/** Takes away the target of a process that has ended without doing so; that of a successor stays. */
export async function withdrawTarget(
  folder: string,
  { job, instance, pid }: { readonly job: string; readonly instance: string; readonly pid: number },
): Promise<void> {
  const file = targetFile(folder, job, instance);
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.includes(`"__pid":"${pid}"`)) await rm(file, { force: true });
}

function targetFile(folder: string, job: string, instance: string): string {
  return join(folder, `${`${job}-${instance}`.replace(/[^A-Za-z0-9_-]/g, '_')}.json`);
}
