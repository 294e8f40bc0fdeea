import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
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
  const mlflowEnv = {
    ...{ ...process.env, MLFLOW_TRACKING_URI: '', MLFLOW_DISABLE_TELEMETRY: 'true' },
    // With its 5 connections and 10 more, twenty writers on one of its workers can wait for each other: 30 s, and an error.
    ...{ MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: '20', MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: '20' },
  };
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

/** Has each of MLflow's worker processes answer before it is measured, and opens the connections of both. */
export async function warm({ ourUrl, mlflowUrl }) {
  const path = '/api/2.0/mlflow/experiments/search?max_results=10';
  for (const base of [ourUrl, mlflowUrl])
    for (let round = 0; round < 3; round++)
      await Promise.all(Array.from({ length: 20 }, () => askText(base, 'GET', path, undefined, inRotation)));
}

/** Asks one of the two and gives the document. A server may close a connection just as it is used again: once more, then. */
export async function ask(base, method, path, body, agent = steady) {
  return JSON.parse(await askText(base, method, path, body, agent));
}

/** Like {@link ask}, but the document as it came: what a client makes of it is not the server's time. */
export async function askText(base, method, path, body, agent = steady) {
  const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const exchange = () => send(`${base}${path}`, method, sent, agent);
  const { status, text } = await exchange().catch(exchange);
  if (status >= 400) throw new Error(`${method} ${path} gave ${status}: ${text}`);
  return text;
}

/** One client's connections stay open; Node's plain client adds the least of its own to both sides' times. */
const steady = new Agent({ keepAlive: true });
/** Of several clients at once: connections take turns, and with them the worker processes of MLflow behind them. */
export const inRotation = new Agent({ keepAlive: true, scheduling: 'fifo' });
const authorization = `Bearer ${token}`;

function send(url, method, sent, agent) {
  const headers = {
    authorization,
    ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
      response.once('error', reject);
    });
    asked.once('error', reject);
    asked.end(sent);
  });
}

/** Reads an answer to its end without keeping it. @returns its bytes */
export async function drain(base, path, body) {
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} gave ${response.status}: ${await response.text()}`);
  let bytes = 0;
  for await (const chunk of response.body) bytes += chunk.length;
  return bytes;
}

/**
 * Memory that a process and those of its group had together while `work` went on, in MiB, what they share counted once: at first,
 * and the most. Beside what `work` gives.
 */
export async function withPeak(pid, work) {
  const pids = await groupOf(pid);
  const now = async () => {
    const kib = await Promise.all(
      pids.map(async (each) => {
        const memory = await readFile(`/proc/${each}/smaps_rollup`, 'utf8').catch(() => '');
        return Number(/^Pss:\s+(\d+)/m.exec(memory)?.[1] ?? 0);
      }),
    );
    return Math.round(kib.reduce((sum, each) => sum + each, 0) / 1024);
  };
  const beforeMib = await now();
  let peakMib = beforeMib;
  let looking = null;
  const timer = setInterval(() => {
    looking ??= now().then((mib) => {
      peakMib = Math.max(peakMib, mib);
      looking = null;
    });
  }, 50);
  try {
    const result = await work();
    return { result, beforeMib, peakMib };
  } finally {
    clearInterval(timer);
    await looking;
  }
}

/** The process itself, and those that have it as the leader of their group: MLflow's workers. */
async function groupOf(pid) {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const members = await Promise.all(
    pids.map(async (each) => {
      const stat = await readFile(`/proc/${each}/stat`, 'utf8').catch(() => '');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === pid ? Number(each) : null;
    }),
  );
  return [...new Set([pid, ...members.filter((each) => each !== null)])];
}
