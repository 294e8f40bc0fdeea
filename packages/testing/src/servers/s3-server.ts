import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureServer, s3Gateway } from '@tributary/devstack';
import { freePort } from './free-port.js';

/** An S3 server of one test alone, with one bucket. */
export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  /** Where the bucket's objects lie as files, for a test to damage. */
  readonly folder: string;
  /** What its clients find in their environment. */
  readonly credentials: Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>>;
  /** Ends it as a crash does; its objects stay. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

/** Starts a versitygw in front of a temporary folder and waits until it serves. */
export async function s3Server(): Promise<S3Server> {
  const binary = await ensureServer(s3Gateway, { report: () => undefined });
  const root = await mkdtemp(join(tmpdir(), 'tributary-s3-'));
  const bucket = 'training';
  const folder = join(root, 'buckets', bucket);
  await mkdir(folder, { recursive: true });
  // Beside the objects, not in extended attributes: not every file system of a test machine has these.
  const sidecar = join(root, 'metadata');
  await mkdir(sidecar);
  const port = await freePort();
  const credentials = { AWS_ACCESS_KEY_ID: 'tributary', AWS_SECRET_ACCESS_KEY: 'tributary-secret' };
  const endpoint = `http://127.0.0.1:${port}`;
  const serve = async (): Promise<ChildProcess> => {
    const child = spawn(
      binary.path,
      ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', sidecar, join(root, 'buckets')],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          ROOT_ACCESS_KEY: credentials.AWS_ACCESS_KEY_ID,
          ROOT_SECRET_KEY: credentials.AWS_SECRET_ACCESS_KEY,
        },
      },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
    while (!(await fetch(endpoint).catch(() => null))) {
      if (child.exitCode !== null) throw new Error(`versitygw ended with code ${child.exitCode}: ${said}`);
      await delay(10);
    }
    return child;
  };
  let child = await serve();
  process.once('exit', () => child.kill('SIGKILL'));
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    endpoint,
    bucket,
    folder,
    credentials,
    kill,
    async start() {
      child = await serve();
    },
    async remove() {
      await kill();
      await rm(root, { recursive: true, force: true });
    },
  };
}
