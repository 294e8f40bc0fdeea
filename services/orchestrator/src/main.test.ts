import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generationsOf } from '@tributary/run-store';
import { testServers } from '@tributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation } from '../test/installation.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
let here: Installation;
let folder: string;
let environment: NodeJS.ProcessEnv;
const children: ChildProcess[] = [];

beforeAll(async () => {
  here = await Installation.open();
  const servers = await testServers();
  folder = await mkdtemp(join(tmpdir(), 'tributary-orchestrator-'));
  await writeFile(join(folder, 'password'), `${servers.natsPassword}\n`, { mode: 0o600 });
  environment = {
    ...process.env,
    TRIBUTARY_NAMESPACE: here.namespace,
    TRIBUTARY_POSTGRES_URL: here.postgresUrl,
    TRIBUTARY_NATS_URL: servers.natsUrl,
    TRIBUTARY_NATS_USER: servers.natsUser,
    TRIBUTARY_NATS_PASSWORD_FILE: join(folder, 'password'),
    TRIBUTARY_TEMPORAL_ADDRESS: servers.temporalAddress,
    TRIBUTARY_TARGETS_DIR: join(folder, 'targets'),
  };
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  await here.close();
  await rm(folder, { recursive: true });
});

/** Starts the service; resolves with its metrics port once it says that it is ready. */
async function start(env: NodeJS.ProcessEnv = environment): Promise<{ child: ChildProcess; metricsPort: number }> {
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const entry = JSON.parse(line) as { msg: string; metricsPort: number };
    if (entry.msg === 'ready') {
      child.stdout?.resume();
      return { child, metricsPort: entry.metricsPort };
    }
  }
  throw new Error('the orchestrator ended before it was ready');
}

const exited = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', (code) => resolve(code));
  });

it('survives kill -9 in the middle of a run: the next process finishes it, in the same generation', async () => {
  const first = await start();
  const agents = await Promise.all(['w1', 'w2'].map((name) => here.agent(name, { targetSteps: 100_000 })));
  const { run, handle } = await here.launch({ name: 'killed', steps: 100_000 });
  await agents[0]?.reached(5);
  first.child.kill('SIGKILL');
  await exited(first.child);
  const second = await start();
  const scrape = await (await fetch(`http://127.0.0.1:${second.metricsPort}/metrics`)).text();
  expect(scrape).toContain('tributary_queue_depth');
  const targets = await readdir(join(folder, 'targets'));
  expect(targets).toContain('temporal-sdk-orchestrator.json');
  const [target] = JSON.parse(await readFile(join(folder, 'targets/temporal-sdk-orchestrator.json'), 'utf8'));
  const sdk = await (await fetch(`http://${target.targets[0]}/metrics`)).text();
  expect(sdk).toMatch(/^temporal_worker_task_slots_available\{.*worker_type="ActivityWorker"/m);
  await handle.signal('cancel');
  expect(await handle.result()).toMatchObject({ state: 'cancelled' });
  expect(await generationsOf(here.db, run)).toHaveLength(1);
  second.child.kill('SIGTERM');
  expect(await exited(second.child)).toBe(0);
  // Only the killed one could not take its target back.
  expect(await readdir(join(folder, 'targets'))).toHaveLength(1);
});

it('names the variable that is missing', async () => {
  const { TRIBUTARY_TEMPORAL_ADDRESS: _, ...rest } = environment;
  const child = spawn(process.execPath, [main], { env: rest, stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  expect(await exited(child)).toBe(1);
  expect(text).toBe('TRIBUTARY_TEMPORAL_ADDRESS is not set; "npx tributary up" starts the orchestrator with it.\n');
});
