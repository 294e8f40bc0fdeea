import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repositoryRoot } from '@tributary/devstack';
import { TributaryError } from '@tributary/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { findApi } from '../api-connection.js';
import { exitCodes } from '../failure.js';
import { type Finish, type JsonOption, positiveInteger, print, printJson, wholeNumber } from './options.js';

interface ServeOptions extends JsonOption {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly waiting: number;
  readonly device: string;
  readonly threads: number;
}

/** What the serving process says once it serves. */
interface Serving {
  readonly kind: 'serving';
  readonly url: string;
  readonly run: string;
  readonly step: number;
  readonly tasks: readonly string[];
  readonly backend: string;
}

/** serve. */
export function addServeCommand(program: Command, finish: Finish): void {
  program
    .command('serve')
    .description('serve the newest checkpoint of a run over HTTP, from a model in memory, until Ctrl-C')
    .argument('<run>')
    .option('--host <address>', 'where to listen; others than this machine need --token-file', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes any that is free', portNumber, 8090)
    .option('--token-file <file>', 'file that holds the token which requests must send')
    .option('--waiting <n>', 'requests that may wait; more are refused', positiveInteger, 128)
    .option('--device <device>', 'cpu or gpu:N', 'cpu')
    .option('--threads <n>', 'threads that compute', positiveInteger, 1)
    .option('--json', 'print JSON')
    .action(async (run: string, options: ServeOptions) => finish(await serve(run, options)));
}

async function serve(run: string, options: ServeOptions): Promise<number> {
  const { host, port, tokenFile, waiting, device, threads, json } = options;
  if (!/^(cpu|gpu:\d+)$/.test(device))
    throw new TributaryError('SPEC_INVALID', `--device is "${device}"; it must be cpu or gpu:N`);
  const api = await findApi();
  const main = join(repositoryRoot(), 'services', 'serve', 'dist', 'main.js');
  if (!existsSync(main))
    throw new TributaryError('PREREQUISITE_MISSING', 'The server is not built; build it with: make setup');
  const child = spawn(process.execPath, ['--enable-source-maps', main], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A group of its own: a terminal's Ctrl-C comes through here, once.
    detached: true,
    env: {
      ...process.env,
      TRIBUTARY_API_URL: api.url,
      TRIBUTARY_API_TOKEN_FILE: api.tokenFile,
      TRIBUTARY_SERVE_RUN: run,
      TRIBUTARY_SERVE_HOST: host,
      TRIBUTARY_SERVE_PORT: String(port),
      TRIBUTARY_SERVE_WAITING: String(waiting),
      TRIBUTARY_DEVICE: device,
      TRIBUTARY_THREADS: String(threads),
      ...(tokenFile === undefined ? {} : { TRIBUTARY_SERVE_TOKEN_FILE: resolve(tokenFile) }),
    },
  });
  child.once('message', (serving) => announce(serving as Serving, json ?? false));
  let asked = false;
  const leave = (): void => {
    child.kill(asked ? 'SIGKILL' : 'SIGTERM');
    asked = true;
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, leave);
  // Whatever ends this process ends the server too.
  const kill = (): boolean => child.kill('SIGTERM');
  process.once('exit', kill);
  const code = await new Promise<number | null>((ended, failed) => {
    child.once('error', failed);
    child.once('close', ended);
  });
  process.removeListener('exit', kill);
  for (const signal of signals) process.removeListener(signal, leave);
  return code === 0 ? exitCodes.done : exitCodes.failed;
}

function announce(serving: Serving, json: boolean): void {
  if (json) {
    printJson(serving);
    return;
  }
  const { url, run, step, tasks, backend } = serving;
  print(`Run ${run}, step ${step}, on ${backend}: ${tasks.join(', ')}`);
  print(`${url}/v1/generate, described by ${url}/openapi.json; end it with Ctrl-C`);
}

function portNumber(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be 0 to 65535.');
  return value;
}
