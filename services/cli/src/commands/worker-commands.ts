import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { natsWorkerUser, readStackDocument, repositoryRoot, secretFile, stackFolders } from '@tributary/devstack';
import { isToken, TributaryError, type WorkerDocument } from '@tributary/protocol';
import type { Command } from 'commander';
import { ApiClient } from '../api-client.js';
import { exitCodes } from '../failure.js';
import { formatDuration } from '../render/quantities.js';
import { denseTable } from '../render/tables.js';
import { type Finish, type JsonOption, print, printJson } from './options.js';

interface StartOptions {
  readonly join: string;
  readonly tokenFile: string;
  readonly device: string;
  readonly name?: string;
  readonly namespace: string;
}

/** workers, worker start. */
export function addWorkerCommands(program: Command, finish: Finish): void {
  program
    .command('workers')
    .description('workers and what they do')
    .option('--all', 'also those that are gone')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption & { all?: boolean }) => {
      const { workers } = await (await ApiClient.open()).workers();
      const shown = options.all || options.json ? workers : workers.filter((worker) => worker.live || worker.draining);
      if (options.json) return printJson({ workers: shown });
      if (shown.length === 0) return print('No worker is live; start some with: npx tributary up --workers 3');
      print(denseTable(['worker', 'state', 'device', 'backend', 'host', 'run', 'step'], shown.map(workerRow), [6]));
    });

  const worker = program.command('worker').description('run workers on another machine');
  worker
    .command('token')
    .description('address and token file with which a worker of another machine joins this stack')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption) => {
      const invitation = await workerInvitation();
      if (options.json) return printJson(invitation);
      print(`NATS        ${invitation.url}\ntoken file  ${invitation.tokenFile}`);
    });
  worker
    .command('start')
    .description('run a worker here, for the stack of another machine, until Ctrl-C')
    .requiredOption('--join <url>', 'address of its NATS server, e.g. nats://127.0.0.1:4222')
    .requiredOption('--token-file <file>', 'file that holds the password of its workers')
    .option('--device <device>', 'cpu or gpu:N', 'cpu')
    .option('--name <name>', 'unique among its workers; default: host and device')
    .option('--namespace <name>', 'namespace of the installation', 'main')
    .action(async (options: StartOptions) => finish(await startWorker(options)));
}

/** How a worker of another machine reaches this stack; the token itself is never printed. */
async function workerInvitation(): Promise<{ readonly url: string; readonly tokenFile: string }> {
  const folders = stackFolders();
  const document = await readStackDocument(folders);
  if (document === undefined)
    throw new TributaryError('STACK_DOWN', 'There is no Tributary stack here yet; make one with: npx tributary up');
  return { url: `nats://127.0.0.1:${document.ports.nats}`, tokenFile: secretFile(folders, 'nats-worker') };
}

function workerRow(worker: WorkerDocument): string[] {
  const { trainer } = worker;
  const away = formatDuration(Date.now() - Date.parse(worker.seenAt));
  const doing = trainer === null ? 'free' : trainer.phase;
  const state =
    worker.quarantined !== null
      ? 'quarantined'
      : worker.draining
        ? 'draining'
        : worker.live
          ? doing
          : `gone for ${away}`;
  const { device } = worker;
  return [
    worker.worker,
    state,
    device.device === 'cpu' ? `cpu (${device.model})` : `${device.device} (${device.model})`,
    device.backendVersion,
    worker.host,
    trainer?.run ?? '',
    trainer === null ? '' : String(trainer.step),
  ];
}

async function startWorker(options: StartOptions): Promise<number> {
  const name = options.name ?? `${hostname()}-${options.device}`.replace(/[^A-Za-z0-9_-]/g, '-');
  const usage = (message: string) => new TributaryError('SPEC_INVALID', message);
  if (!/^(nats|tls):\/\/\S+$/.test(options.join))
    throw usage(`--join is "${options.join}"; it must be an address like nats://127.0.0.1:4222`);
  if (!/^(cpu|gpu:\d+)$/.test(options.device)) throw usage(`--device is "${options.device}"; it must be cpu or gpu:N`);
  if (!isToken(name)) throw usage(`--name is "${name}"; it must be 1 to 64 letters, digits, "-" or "_"`);
  const tokenFile = resolve(options.tokenFile);
  const token = await readFile(tokenFile, 'utf8').catch(() => '');
  if (token.trim() === '')
    throw usage(`--token-file: ${tokenFile} is missing or empty; copy the stack's worker password there`);
  const root = repositoryRoot();
  const main = join(root, 'services', 'worker', 'dist', 'main.js');
  if (!existsSync(main))
    throw new TributaryError('PREREQUISITE_MISSING', 'The worker is not built; build it with: make setup');
  print(`Worker ${name} joins ${options.join}; end it with Ctrl-C`);
  const child = spawn(process.execPath, ['--enable-source-maps', main], {
    stdio: 'inherit',
    // A group of its own: a terminal's Ctrl-C must not end the lanes that it hosts before they have moved.
    detached: true,
    env: {
      ...process.env,
      TRIBUTARY_NAMESPACE: options.namespace,
      TRIBUTARY_NATS_URL: options.join,
      TRIBUTARY_NATS_USER: natsWorkerUser,
      TRIBUTARY_NATS_PASSWORD_FILE: tokenFile,
      TRIBUTARY_WORKER_NAME: name,
      TRIBUTARY_DEVICE: options.device,
    },
  });
  let asked = false;
  const leave = (): void => {
    print(
      asked
        ? `Worker ${name} leaves at once`
        : `Worker ${name} hands its lanes over, then leaves (within 30 s); again Ctrl-C: at once`,
    );
    child.kill(asked ? 'SIGINT' : 'SIGTERM');
    asked = true;
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, leave);
  const code = await new Promise<number | null>((ended, failed) => {
    child.once('error', failed);
    child.once('close', ended);
  });
  for (const signal of signals) process.removeListener(signal, leave);
  return code === 0 ? exitCodes.done : exitCodes.failed;
}
