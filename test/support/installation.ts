import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { RunFileInput } from '@tributary/config';
import { provisionJetStream } from '@tributary/devstack';
import { isResting, type RunDocument, type RunEvent } from '@tributary/protocol';
import { openDatabase } from '@tributary/run-store';
import { freePort, temporaryDatabase, temporaryNamespace, testServers } from '@tributary/testing';
import { natsEnvironment, startAgent } from './agents.js';
import { ServiceProcess } from './service-process.js';

/**
 * A whole installation: all services as real processes on the shared servers, in a database and a namespace of its own.
 * @param settings what its processes find in their environment beside
 */
export async function openInstallation(workers: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const servers = await testServers();
  const namespace = temporaryNamespace();
  const database = await temporaryDatabase();
  const connection = await connect({ servers: servers.natsUrl, user: servers.natsUser, pass: servers.natsPassword });
  await provisionJetStream(connection, namespace);
  const token = randomBytes(16).toString('hex');
  const tokenFile = join(await mkdtemp(join(tmpdir(), 'tributary-test-')), 'token');
  await writeFile(tokenFile, token, { mode: 0o600 });
  const port = await freePort();
  const env = {
    ...process.env,
    ...settings,
    ...(await natsEnvironment(servers, namespace)),
    TRIBUTARY_POSTGRES_URL: database.url,
    TRIBUTARY_NATS_MONITOR_URL: servers.natsMonitorUrl,
    TRIBUTARY_TEMPORAL_ADDRESS: servers.temporalAddress,
    TRIBUTARY_API_PORT: String(port),
    TRIBUTARY_API_TOKEN_FILE: tokenFile,
  };
  const control = {
    orchestrator: new ServiceProcess('orchestrator', 'orchestrator', env),
    recorder: new ServiceProcess('recorder', 'recorder', env),
    api: new ServiceProcess('api', 'api', env),
  };
  const agents = new Map(
    await Promise.all(
      workers.map(
        async (worker) => [worker, await startAgent(connection, { worker, namespace, servers, settings })] as const,
      ),
    ),
  );
  const db = openDatabase(database.url);
  const base = `http://127.0.0.1:${port}/v1`;

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const document: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(document)}`);
    return document as T;
  };

  /** The run's events as they come, state first, until it rests. */
  const follow = async (run: string, onEvent: (event: RunEvent) => void | Promise<void>): Promise<void> => {
    const response = await fetch(`${base}/runs/${run}/events`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok || !response.body) throw new Error(`events of ${run}: ${response.status}`);
    let buffered = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      buffered += chunk;
      for (let end = buffered.indexOf('\n'); end >= 0; end = buffered.indexOf('\n')) {
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 1);
        if (line.startsWith('data:')) await onEvent(JSON.parse(line.slice(5)) as RunEvent);
      }
    }
  };

  const upload = async (bytes: Uint8Array | string): Promise<string> => {
    const response = await fetch(`${base}/files`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: typeof bytes === 'string' ? bytes : new Uint8Array(bytes),
    });
    if (!response.ok) throw new Error(`PUT /files: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { key: string }).key;
  };
  /** @param files content of the files that the run file names, by path */
  const launch = async (
    spec: RunFileInput,
    files: Readonly<Record<string, Uint8Array | string>> = {},
  ): Promise<string> => {
    const keys: Record<string, string> = {};
    for (const [path, bytes] of Object.entries(files)) keys[path] = await upload(bytes);
    return (await call<{ run: string }>('POST', '/runs', { spec, files: keys })).run;
  };
  const show = (run: string): Promise<RunDocument> => call<RunDocument>('GET', `/runs/${run}`);

  /** Follows a run until it rests; `onStep` sees each progress event's step. */
  const untilRest = async (
    run: string,
    onStep: (step: number) => void | Promise<void> = () => undefined,
  ): Promise<RunDocument> => {
    for (;;) {
      await follow(run, (event) => (event.kind === 'progress' ? onStep(event.step) : undefined));
      const document = await show(run);
      if (isResting(document.state)) return document;
    }
  };

  const untilServed = async (): Promise<void> => {
    for (;;) {
      try {
        const { workers: live } = await call<{ workers: { live: boolean }[] }>('GET', '/workers');
        if (live.filter((worker) => worker.live).length >= workers.length) return;
      } catch {
        await Promise.race([new Promise((done) => setTimeout(done, 100)), control.api.untilExit()]);
      }
    }
  };
  await untilServed();

  const close = async (): Promise<void> => {
    await Promise.all([...agents.values(), ...Object.values(control)].map((service) => service.kill('SIGTERM')));
    await db.destroy();
    await connection.drain();
    await database.drop();
  };
  /** For the command line. */
  const cliEnv = { TRIBUTARY_API_URL: `http://127.0.0.1:${port}`, TRIBUTARY_API_TOKEN_FILE: tokenFile };
  return {
    ...{ servers, namespace, connection, db, postgresUrl: database.url, control, agents, cliEnv },
    ...{ call, launch, upload, show, follow, untilRest, close },
  };
}

export type Installation = Awaited<ReturnType<typeof openInstallation>>;
