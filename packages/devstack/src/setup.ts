#!/usr/bin/env node
/**
 * What `make` runs before `tributary` exists: `setup.js STEP…`, the steps side by side. Steps: `build` (tsc, the exchange's kernels, workflow bundle, console), `tensorflow`,
 * `relink` (only links the TensorFlow that was built before), `postgres`,
 * `nats-server`, `temporal-server`, `prometheus`, `swiftshader` (a Vulkan driver without a GPU), `chromium` (without windows), `versitygw`
 * (an S3 server) and `mlflow` (MLflow's client), for tests, `bench-python` (PyTorch) and `bench-mlflow` (MLflow's server), for benchmarks only,
 * `python-quality` (sacrebleu and rouge-score), for `make quality-fixture`.
 */
import { TributaryError } from '@tributary/protocol';
import { installChromium } from './browser/chromium.js';
import { findPostgres } from './postgres/postgres-binaries.js';
import { ensureServer } from './servers/build-server.js';
import { type GoServerRelease, goServers, s3Gateway } from './servers/release.js';
import { runCommand, secondsSince } from './setup/command.js';
import { repositoryRoot } from './setup/folders.js';
import { benchMlflowPython, benchPython, mlflowPython, qualityPython } from './setup/python-environment.js';
import { installTensorflow, relinkTensorflow } from './tensorflow/install-tensorflow.js';
import { installSwiftshader } from './vulkan/swiftshader.js';

const report = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function tensorflow(): Promise<void> {
  const result = await installTensorflow({ report });
  if (result.ok) report(`TensorFlow: ${result.state} (${result.variant}, ${result.folder})`);
  else report(`TensorFlow cannot be used; training falls back to a slower backend. ${result.reason}`);
}

async function server(release: GoServerRelease): Promise<void> {
  const found = await ensureServer(release, { report });
  report(`${release.name}: ${found.version} ready (${found.path})`);
}

async function swiftshader(): Promise<void> {
  const result = await installSwiftshader({ report });
  if (result.ok) report(`SwiftShader: ready (${result.version}, ${result.driverFile})`);
  else report(`The WebGPU backend cannot be tested here, and its tests are skipped. ${result.reason}`);
}

async function chromium(): Promise<void> {
  const result = await installChromium({ report });
  if (result.ok) report(`Chromium: ready (${result.version}, ${result.executable})`);
  else report(`The console cannot be tested here. ${result.reason}`);
}

async function build(): Promise<void> {
  const startedAtMs = Date.now();
  const [built, kernels] = await Promise.all([
    runCommand('npx', ['tsc', '-b'], { cwd: repositoryRoot() }),
    runCommand('node', ['packages/collectives/assembly/build.mjs'], { cwd: repositoryRoot() }),
  ]);
  if (!built.ok) throw new TributaryError('PREREQUISITE_MISSING', `TypeScript does not compile:\n${built.output}`);
  if (!kernels.ok) throw new TributaryError('PREREQUISITE_MISSING', kernels.output);
  const [bundled, console] = await Promise.all([
    runCommand('node', ['services/orchestrator/dist/bundle.js'], { cwd: repositoryRoot() }),
    runCommand('node', ['services/console/build.mjs'], { cwd: repositoryRoot() }),
  ]);
  if (!bundled.ok)
    throw new TributaryError('PREREQUISITE_MISSING', `The workflows cannot be bundled:\n${bundled.output}`);
  if (!console.ok) throw new TributaryError('PREREQUISITE_MISSING', `The console cannot be built:\n${console.output}`);
  report(`packages: compiled in ${secondsSince(startedAtMs)}`);
}

const steps: Readonly<Record<string, () => Promise<void>>> = {
  build,
  tensorflow,
  relink: async () => {
    await relinkTensorflow();
  },
  postgres: async () => report(`postgres: ready (${(await findPostgres()).folder})`),
  'nats-server': () => server(goServers['nats-server']),
  'temporal-server': () => server(goServers['temporal-server']),
  prometheus: () => server(goServers.prometheus),
  swiftshader,
  chromium,
  versitygw: () => server(s3Gateway),
  mlflow: async () => report(`MLflow's client: ready (${await mlflowPython({ report })})`),
  'bench-mlflow': async () => report(`MLflow's server: ready (${await benchMlflowPython({ report })})`),
  'python-quality': async () => report(`sacrebleu and rouge-score: ready (${await qualityPython({ report })})`),
  'bench-python': async () => report(`PyTorch: ready (${await benchPython({ report })})`),
};

async function run(name: string): Promise<void> {
  const step = steps[name];
  if (step === undefined)
    throw new TributaryError('SPEC_INVALID', `Unknown step ${name}; the steps are ${Object.keys(steps).join(', ')}.`);
  await step();
}

for (const outcome of await Promise.allSettled(process.argv.slice(2).map(run))) {
  if (outcome.status === 'fulfilled') continue;
  const error: unknown = outcome.reason;
  process.stderr.write(
    `${error instanceof TributaryError ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
}
