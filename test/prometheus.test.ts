import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  prometheusUrl,
  purge,
  type RunningStack,
  repositoryRoot,
  stackFoldersIn,
  startServers,
} from '@tributary/devstack';
import { createMetrics, type MetricsServer, serveMetrics } from '@tributary/telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

/** Prometheus passes on a new file of targets after at most 5 s and scrapes the target within the next 5 s. */
const patience = { timeout: 45_000, interval: 250 };
/** What the process that starts later runs: it serves until its standard input ends. */
const laterProcess = `
import { once } from 'node:events';
import { createMetrics, serveMetrics } from '@tributary/telemetry';
const metrics = createMetrics();
metrics.runStep.set({ run_id: 'watched-2' }, 7);
const server = await serveMetrics({ metrics, job: 'worker', instance: 'later', targetsDir: process.argv[1] });
await once(process.stdin.resume(), 'end');
await server.close();
`;

const report = (): void => {};
let root: string;
let stack: RunningStack;
let first: MetricsServer | undefined;
let later: ChildProcess | undefined;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-prometheus-'));
  stack = await startServers(stackFoldersIn(root), { servers: ['prometheus'], report });
}, 600_000);
afterAll(async () => {
  later?.kill('SIGKILL');
  await first?.close();
  await purge({ folders: stackFoldersIn(root), report });
  await rm(root, { recursive: true, force: true });
});

interface Answer<T> {
  readonly status: string;
  readonly data: T;
}

async function ask<T>(path: string): Promise<T> {
  const answer = (await (await fetch(`${prometheusUrl(stack)}/api/v1/${path}`)).json()) as Answer<T>;
  expect(answer.status).toBe('success');
  return answer.data;
}

/** The values of an instant query. */
async function query(expression: string): Promise<string[]> {
  const { result } = await ask<{ result: readonly { value: readonly [number, string] }[] }>(
    `query?query=${encodeURIComponent(expression)}`,
  );
  return result.map(({ value }) => value[1]);
}

/** The processes of Tributary that Prometheus scrapes. */
async function scraped(): Promise<string[]> {
  const { activeTargets } = await ask<{
    activeTargets: readonly { labels: Readonly<Record<string, string>>; scrapePool: string }[];
  }>('targets?state=active');
  const ours = activeTargets.filter(({ scrapePool }) => scrapePool === 'tributary');
  return ours.map(({ labels }) => `${labels.job}/${labels.instance}`).sort();
}

describe('Prometheus', () => {
  it('finds a process that announces itself after Prometheus is up, and reads its metrics', async () => {
    expect(await scraped()).toEqual([]);
    const metrics = createMetrics();
    metrics.runStep.set({ run_id: 'watched-1' }, 42);
    first = await serveMetrics({ metrics, job: 'recorder', instance: 'first', targetsDir: stack.folders.targets });
    await vi.waitFor(async () => expect(await query('up{job="recorder",instance="first"}')).toEqual(['1']), patience);
    const step = 'tributary_run_step{run_id="watched-1",job="recorder",instance="first"}';
    expect(await query(step)).toEqual(['42']);
    // Not the first scrape only.
    metrics.runStep.set({ run_id: 'watched-1' }, 43);
    await vi.waitFor(async () => expect(await query(step)).toEqual(['43']), patience);
  }, 120_000);

  it('finds another process that starts later, beside the first', async () => {
    later = spawn(process.execPath, ['--input-type=module', '--eval', laterProcess, stack.folders.targets], {
      cwd: repositoryRoot(),
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    await vi.waitFor(async () => expect(await query('up{job="worker",instance="later"}')).toEqual(['1']), patience);
    expect(await query('tributary_run_step{run_id="watched-2"}')).toEqual(['7']);
    expect(await scraped()).toEqual(['recorder/first', 'worker/later']);
  }, 120_000);

  it('has nothing for a metric, a run or a process that does not exist', async () => {
    expect(await query('tributary_run_step')).toHaveLength(2);
    expect(await query('tributary_no_such_metric')).toEqual([]);
    expect(await query('tributary_run_step{run_id="watched-3"}')).toEqual([]);
    expect(await query('up{instance="nowhere"}')).toEqual([]);
  });

  it('forgets a process that ended, and only that one', async () => {
    if (later === undefined) throw new Error('There is no process to end.');
    const exited = once(later, 'exit');
    later.stdin?.end();
    expect(await exited).toEqual([0, null]);
    await vi.waitFor(async () => expect(await scraped()).toEqual(['recorder/first']), patience);
    await first?.close();
    first = undefined;
    await vi.waitFor(async () => expect(await scraped()).toEqual([]), patience);
  }, 120_000);
});
