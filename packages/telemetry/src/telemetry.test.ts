import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.js';
import { createLogger } from './logger.js';
import { createMetrics } from './metrics.js';
import { serveMetrics, withdrawTarget } from './serve-metrics.js';

const step = {
  run: 'a-1',
  experiment: 'a',
  step: 1,
  seconds: 0.1,
  dataSeconds: 0.002,
  phasesMs: { gradients: 5 },
  exposedMs: 4,
  bytesSent: 10,
  bytesReceived: 20,
  codec: 'fp32',
  tasks: [{ task: 'spell', loss: 2.5, tokens: 100, samples: 64 }],
};

describe('the catalogue', () => {
  it('follows the naming rules', () => {
    const names = Object.values(catalogue).map((definition) => definition.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^tributary_[a-z_]+$/);
    const registry = createMetrics().registry.getMetricsAsArray();
    for (const metric of registry) {
      const { type, labelNames } = metric as unknown as { type: string; labelNames: string[] };
      const kind = metric.constructor.name;
      if (kind === 'Counter') expect(metric.name).toMatch(/_total$/);
      else expect(metric.name).not.toMatch(/_total$/);
      if (kind === 'Histogram') expect(labelNames, `${metric.name} ${type}`).not.toContain('run_id');
    }
  });

  it('keeps the metrics of two registries apart', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.runStep.set({ run_id: 'a-1' }, 3);
    expect(await one.scrape()).toContain('tributary_run_step{run_id="a-1"} 3');
    expect(await other.scrape()).not.toContain('run_id="a-1"');
  });
});

describe('a run that has ended', () => {
  it('is removed from every metric, others stay', async () => {
    const metrics = createMetrics();
    metrics.observeStep(step);
    metrics.observeStep({ ...step, run: 'b-1' });
    metrics.setRunState('a-1', 'running');
    await metrics.removeRun('a-1');
    const text = await metrics.scrape();
    expect(text).not.toContain('a-1');
    expect(text).toContain('tributary_tokens_total{run_id="b-1",task="spell"} 100');
  });

  it('keeps its counters where only its gauges are dropped', async () => {
    const metrics = createMetrics();
    metrics.observeStep(step);
    metrics.runStep.set({ run_id: 'b-1' }, 4);
    await metrics.dropGauges('a-1');
    const text = await metrics.scrape();
    expect(text).not.toContain('tributary_task_loss{');
    expect(text).toContain('tributary_tokens_total{run_id="a-1",task="spell"} 100');
    expect(text).toContain('tributary_run_step{run_id="b-1"} 4');
  });

  it('is seen by two more scrapes when retired, unless it goes on', async () => {
    const metrics = createMetrics();
    for (const run of ['a-1', 'b-1']) {
      metrics.setRunState(run, 'finished');
      metrics.retireRun(run);
    }
    metrics.keepRun('b-1');
    const seen = [];
    for (let scrape = 0; scrape < 3; scrape += 1) {
      const text = await metrics.scrape();
      seen.push([text.includes('a-1'), text.includes('b-1')]);
    }
    expect(seen).toEqual([
      [true, true],
      [true, true],
      [false, true],
    ]);
  });
});

describe('the metrics server', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tributary-targets-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('announces itself as a Prometheus target and withdraws', async () => {
    const metrics = createMetrics();
    metrics.observeStep(step);
    const server = await serveMetrics({ metrics, job: 'worker', instance: 'w/1', targetsDir: folder, port: 0 });
    expect(await readdir(folder)).toEqual(['worker-w_1.json']);
    expect(JSON.parse(await readFile(join(folder, 'worker-w_1.json'), 'utf8'))).toEqual([
      { targets: [`127.0.0.1:${server.port}`], labels: { job: 'worker', instance: 'w/1', __pid: String(process.pid) } },
    ]);
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(text).toContain('tributary_task_loss{run_id="a-1",task="spell",split="train"} 2.5');
    expect(text).toContain('process_resident_memory_bytes');
    await server.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves the file of a successor', async () => {
    const first = await serveMetrics({ metrics: createMetrics(), job: 'api', instance: '1', targetsDir: folder });
    const second = await serveMetrics({ metrics: createMetrics(), job: 'api', instance: '1', targetsDir: folder });
    await first.close();
    expect(await readFile(join(folder, 'api-1.json'), 'utf8')).toContain(String(second.port));
    await second.close();
  });

  it('is withdrawn for a process that could not do so itself, and for no other', async () => {
    const server = await serveMetrics({
      metrics: createMetrics(),
      job: 'trainer',
      instance: 'w',
      targetsDir: folder,
    });
    const target = { job: 'trainer', instance: 'w' };
    await withdrawTarget(folder, { ...target, pid: process.pid + 1 });
    expect(await readdir(folder)).toEqual(['trainer-w.json']);
    await withdrawTarget(folder, { ...target, pid: process.pid });
    await withdrawTarget(folder, { ...target, pid: process.pid });
    expect(await readdir(folder)).toEqual([]);
    await server.close();
  });

  it('tells health', async () => {
    let problem: string | null = null;
    const server = await serveMetrics({
      metrics: createMetrics(),
      job: 'recorder',
      instance: '1',
      targetsDir: null,
      health: () => problem,
    });
    const health = () => fetch(`http://127.0.0.1:${server.port}/healthz`);
    expect((await health()).status).toBe(200);
    problem = 'Postgres is away';
    const response = await health();
    expect([response.status, await response.text()]).toEqual([503, 'Postgres is away\n']);
    await server.close();
  });
});

it('logs JSON lines with a named level', () => {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'recorder',
    level: 'warn',
    destination: { write: (line) => lines.push(line) },
  });
  logger.info('not this');
  logger.warn({ run: 'a-1' }, 'late');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'warn', service: 'recorder', run: 'a-1', msg: 'late', time: expect.stringMatching(/Z$/) },
  ]);
});
