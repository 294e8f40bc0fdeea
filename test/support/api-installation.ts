import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Client, Connection } from '@temporalio/client';
import { createApiServer } from '@tributary/api';
import { natsStore } from '@tributary/checkpoints';
import { provisionJetStream } from '@tributary/devstack';
import { natsNames, type ObjectStore, type RunEvent, type WorkerId } from '@tributary/protocol';
import { openDatabase, type RunDatabase, upsertWorker } from '@tributary/run-store';
import { createLogger } from '@tributary/telemetry';
import { temporaryDatabase, temporaryNamespace, testServers } from '@tributary/testing';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const tables = ['runs', 'tasks', 'attempts', 'generations', 'leases', 'leaseRequests', 'checkpoints'] as const;

/** A real API on real servers, and the real command line beside it. Nothing executes the workflows that it starts. */
export class ApiInstallation {
  private constructor(
    readonly namespace: string,
    readonly db: RunDatabase,
    readonly nats: NatsConnection,
    readonly temporal: Client,
    readonly objects: ObjectStore,
    readonly url: string,
    readonly token: string,
    readonly folder: string,
    readonly close: () => Promise<void>,
  ) {}

  static async open(
    options: {
      readonly temporalAddress?: string;
      readonly maxUploadBytes?: number;
      readonly grafana?: string;
      readonly queryTimeoutMs?: number;
    } = {},
  ): Promise<ApiInstallation> {
    const servers = await testServers();
    const namespace = temporaryNamespace();
    const database = await temporaryDatabase();
    const db = openDatabase(database.url);
    const reads = openDatabase(database.url, { statementTimeoutMs: options.queryTimeoutMs ?? 30_000 });
    const nats = await connect({ servers: servers.natsUrl, user: servers.natsUser, pass: servers.natsPassword });
    await provisionJetStream(nats, namespace);
    const objects = await natsStore(nats, natsNames(namespace).objectsBucket);
    const connection = Connection.lazy({ address: options.temporalAddress ?? servers.temporalAddress });
    const temporal = new Client({ connection });
    const token = 'a-token-of-this-test';
    const app = await createApiServer(
      {
        namespace,
        token,
        links: { temporal: 'http://127.0.0.1:8233', prometheus: null, grafana: options.grafana ?? null },
        heartbeatMs: 200,
        generateTimeoutMs: 5_000,
        ...(options.maxUploadBytes === undefined ? {} : { maxUploadBytes: options.maxUploadBytes }),
      },
      { db, reads, nats, objects, temporal },
      createLogger({ service: 'api', level: 'warn' }),
    );
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const folder = await mkdtemp(join(tmpdir(), 'tributary-test-'));
    await writeFile(join(folder, 'token'), token, { mode: 0o600 });
    const close = async (): Promise<void> => {
      await app.close();
      const ids: string[] = [];
      if (options.temporalAddress === undefined)
        for await (const { workflowId } of temporal.workflow.list({ query: `TaskQueue = '${namespace}'` }))
          ids.push(workflowId);
      for (const id of ids)
        await temporal.workflow
          .getHandle(id)
          .terminate('test over')
          .catch(() => undefined);
      await connection.close();
      await nats.close();
      await reads.destroy();
      await db.destroy();
      await database.drop();
      await rm(folder, { recursive: true });
    };
    return new ApiInstallation(
      namespace,
      db,
      nats,
      temporal,
      objects,
      `http://127.0.0.1:${port}`,
      token,
      folder,
      close,
    );
  }

  /** Has workers be seen just now. */
  async workers(...names: string[]): Promise<void> {
    for (const name of names)
      await upsertWorker(this.db, {
        worker: name as WorkerId,
        host: 'host',
        pid: 1,
        incarnation: 'first',
        sequence: Date.now(),
        device: { backend: 'cpu', backendVersion: 'none', device: 'cpu', model: 'none', version: '0.1.0' },
        trainer: null,
        confirmedDead: {},
        draining: false,
      });
  }

  /** Rows by table, and objects: what a refused request must not change. */
  async written(): Promise<Record<string, number>> {
    const counts: Record<string, number> = { objects: (await this.objects.list('')).length };
    for (const table of tables) {
      const { count } = await this.db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      counts[table] = Number(count);
    }
    return counts;
  }

  request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const bytes = body instanceof Uint8Array;
    return fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: bytes ? new Uint8Array(body) : JSON.stringify(body) }),
    });
  }

  async publish(event: RunEvent): Promise<void> {
    await jetstream(this.nats).publish(natsNames(this.namespace).events(event.run), JSON.stringify(event));
  }

  /** Writes a file beside the others of this installation. @returns its path */
  async file(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, content);
    return path;
  }

  cli(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
    return runCli(args, { TRIBUTARY_API_URL: this.url, TRIBUTARY_API_TOKEN_FILE: join(this.folder, 'token'), ...env });
  }
}

const bin = fileURLToPath(new URL('../../services/cli/bin/tributary.js', import.meta.url));

/** Runs the real command line, in an environment without any stack. */
export async function runCli(
  args: readonly string[],
  env: Record<string, string> = {},
  onOutput?: (text: string, pid: number) => void,
  input?: string,
): Promise<Outcome> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [bin, ...args], {
    env: { PATH, HOME, NO_COLOR: '1', TRIBUTARY_STACK: 'no-such-stack', ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput?.(stdout, child.pid ?? 0);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
