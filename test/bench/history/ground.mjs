import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { provisionJetStream } from '@tributary/devstack';
import { natsNames } from '@tributary/protocol';
import { emptyDatabase, freePort, temporaryDatabase, temporaryNamespace, testServers } from '@tributary/testing';
import { atEnd } from '../shared/run-bench.mjs';

const service = (name) => fileURLToPath(new URL(`../../../services/${name}/dist/main.js`, import.meta.url));
const token = 'a-token-of-this-benchmark';

/** Both servers over one Postgres: ours (API, recorder, NATS) and MLflow's, each with a database of its own. */
export async function openGround(mlflowPython) {
  const servers = await testServers();
  const folder = await mkdtemp(join(tmpdir(), 'tributary-history-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const [ours, theirs] = [await temporaryDatabase(), await emptyDatabase()];
  atEnd(() => Promise.all([ours.drop(), theirs.drop()]));
  const storeUri = theirs.url.replace(/^postgres:/, 'postgresql+psycopg2:');
  const namespace = temporaryNamespace();
  const nats = await connect({ servers: servers.natsUrl, user: servers.natsUser, pass: servers.natsPassword });
  atEnd(() => nats.close());
  await provisionJetStream(nats, namespace);
  atEnd(() => removeStreams(nats, namespace));
  await writeFile(join(folder, 'password'), servers.natsPassword, { mode: 0o600 });
  await writeFile(join(folder, 'token'), token, { mode: 0o600 });
  const env = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, TRIBUTARY_NAMESPACE: namespace },
    ...{ TRIBUTARY_NATS_URL: servers.natsUrl, TRIBUTARY_NATS_USER: servers.natsUser },
    TRIBUTARY_NATS_PASSWORD_FILE: join(folder, 'password'),
    TRIBUTARY_POSTGRES_URL: ours.url,
    TRIBUTARY_TARGETS_DIR: join(folder, 'targets'),
    ...{ TRIBUTARY_API_TOKEN_FILE: join(folder, 'token'), TRIBUTARY_TEMPORAL_ADDRESS: servers.temporalAddress },
  };
  const port = await freePort();
  const api = start(process.execPath, [service('api')], { ...env, TRIBUTARY_API_PORT: String(port) });
  start(process.execPath, [service('recorder')], env);
  const mlflowPort = await freePort();
  const mlflowEnv = { ...process.env, MLFLOW_TRACKING_URI: '', MLFLOW_DISABLE_TELEMETRY: 'true' };
  const mlflowArgs = ['-m', 'mlflow', 'server', '--backend-store-uri', storeUri, '--host', '127.0.0.1'];
  const destination = ['--artifacts-destination', join(folder, 'artifacts')];
  const mlflow = start(mlflowPython, [...mlflowArgs, '--port', String(mlflowPort), ...destination], mlflowEnv);
  const ground = {
    ...{ ours, theirs, storeUri, nats, names: natsNames(namespace), api, mlflow, mlflowPython, mlflowEnv },
    ourUrl: `http://127.0.0.1:${port}`,
    mlflowUrl: `http://127.0.0.1:${mlflowPort}`,
  };
  await Promise.all([answers(`${ground.ourUrl}/openapi.json`, api), answers(`${ground.mlflowUrl}/health`, mlflow)]);
  return ground;
}

async function removeStreams(nats, namespace) {
  const manager = await jetstreamManager(nats);
  for await (const { config } of manager.streams.list())
    if (config.name.includes(namespace)) await manager.streams.delete(config.name);
}

function start(file, args, env) {
  const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-4_000);
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  // The group: MLflow has worker processes.
  atEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
    await gone;
  });
  return { child, gone, said: () => said };
}

async function answers(url, { child, said }) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended: ${said()}`);
    const response = await fetch(url).catch(() => null);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Asks one of the two and gives the document. A server may close a connection just as it is used again: once more, then. */
export async function ask(base, method, path, body) {
  const request = {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const send = () => fetch(`${base}${path}`, request);
  const response = await send().catch(send);
  if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${await response.text()}`);
  return await response.json();
}

/** Reads an answer to its end without keeping it. @returns its bytes */
export async function drain(base, path, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} gave ${response.status}: ${await response.text()}`);
  let bytes = 0;
  for await (const chunk of response.body) bytes += chunk.length;
  return bytes;
}

/** The most memory that a process had while `work` went on, in MiB, beside what `work` gives. */
export async function withPeak(pid, work) {
  let peakKib = 0;
  const look = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    peakKib = Math.max(peakKib, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0));
  };
  const timer = setInterval(() => void look(), 20);
  try {
    await look();
    return { result: await work(), peakMib: Math.round(peakKib / 1024) };
  } finally {
    clearInterval(timer);
  }
}
