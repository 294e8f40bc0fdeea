#!/usr/bin/env node
/**
 * The steps that `make` runs before `tributary` exists: `setup.js tensorflow | nats-server | temporal-server | prometheus`,
 * several of them at once side by side; `--low-priority` compiles without slowing what runs beside it.
 */
import { TributaryError } from '@tributary/protocol';
import { ensureServer } from './servers/build-server.js';
import { type GoServerName, goServers } from './servers/release.js';
import { installTensorflow } from './tensorflow/install-tensorflow.js';

const report = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function tensorflow(): Promise<void> {
  const result = await installTensorflow({ report });
  if (result.ok) report(`TensorFlow: ${result.state} (${result.variant}, ${result.folder})`);
  else report(`TensorFlow cannot be used; training falls back to a slower backend. ${result.reason}`);
}

async function server(name: GoServerName, lowPriority: boolean): Promise<void> {
  const found = await ensureServer(goServers[name], { report, lowPriority });
  report(`${name}: ${found.version} ready (${found.path})`);
}

function step(name: string, lowPriority: boolean): Promise<void> {
  if (name === 'tensorflow') return tensorflow();
  if (name === 'nats-server' || name === 'temporal-server' || name === 'prometheus') return server(name, lowPriority);
  throw new TributaryError('PREREQUISITE_MISSING', `Unknown step ${name}; the steps are tensorflow, nats-server, temporal-server and prometheus.`);
}

const names = process.argv.slice(2).filter((argument) => argument !== '--low-priority');
const lowPriority = process.argv.includes('--low-priority');
const results = await Promise.allSettled(names.map(async (name) => step(name, lowPriority)));
for (const result of results) {
  if (result.status === 'fulfilled') continue;
  const error: unknown = result.reason;
  process.stderr.write(`${error instanceof TributaryError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 1;
}
