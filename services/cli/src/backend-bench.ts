import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type backendKinds, findSwiftshader, probeBackend, repositoryRoot } from '@tributary/devstack';
import { TributaryError } from '@tributary/protocol';

export type BenchedBackend = (typeof backendKinds)[number];

/** What one backend reaches on this machine. */
export interface BackendMeasurement {
  readonly ok: true;
  readonly kind: BenchedBackend;
  readonly version: string;
  readonly device: string;
  readonly notice: string | null;
  /** Pairs in the batch of a step. */
  readonly batch: number;
  /** From the model to the end of the first step, compiling included. */
  readonly firstStepMs: number;
  /** Median of the steps: forward and backward pass. */
  readonly stepMs: number;
  readonly steps: number;
  /** Source and target symbols. */
  readonly tokensPerSecond: number;
  /** The best matrix product, float32. */
  readonly gflops: number;
}

export type BackendBench =
  | BackendMeasurement
  | { readonly ok: false; readonly kind: BenchedBackend; readonly message: string };

export interface BenchOptions {
  readonly device: string;
  readonly threads: number;
  /** Spent on the steps of each backend. */
  readonly seconds: number;
}

// A step that takes longer than this measures the patience of its user.
const longestMs = 60_000;

/**
 * Measures a backend in a process of its own.
 *
 * @param asked the user named it: WebGPU may then compute on a software driver, which says nothing of training
 * @throws TributaryError `PREREQUISITE_MISSING` before the workers are compiled
 */
export async function benchBackend(kind: BenchedBackend, options: BenchOptions, asked: boolean): Promise<BackendBench> {
  const main = join(repositoryRoot(), 'services', 'worker', 'dist', 'bench-main.js');
  if (!existsSync(main))
    throw new TributaryError('PREREQUISITE_MISSING', 'The benchmark is not compiled yet; run: make build');
  let env = process.env;
  if (kind === 'webgpu') {
    const found = await probeBackend(repositoryRoot(), kind, options.device, env);
    if (!(found.ok && found.device !== 'cpu')) {
      const software = env.VK_DRIVER_FILES ?? findSwiftshader(env)?.driverFile;
      const message = found.ok ? `${found.version} is a software driver` : found.message;
      if (!asked || software === undefined) return { ok: false, kind, message };
      env = { ...env, VK_DRIVER_FILES: software };
    }
  }
  const { device, threads, seconds } = options;
  const { said, late } = await outputOf([main, kind, device, String(threads), String(seconds)], env);
  const line = said.split('\n').find((each) => each.startsWith('{"ok":'));
  if (line !== undefined) return { ...(JSON.parse(line) as BackendBench), kind };
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  const why = late ? `it took more than ${longestMs / 1_000} s` : `its process ended (${last})`;
  return { ok: false, kind, message: `${why}.` };
}

/** What the process printed, on either stream, and whether it was ended for taking too long. */
async function outputOf(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly said: string; readonly late: boolean }> {
  const child = spawn(process.execPath, args, {
    env: { ...env, TF_CPP_MIN_LOG_LEVEL: '3' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  return { said: output, late: child.signalCode === 'SIGKILL' };
}
