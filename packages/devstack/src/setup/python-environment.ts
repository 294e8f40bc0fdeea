import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand, secondsSince } from './command.js';
import { exclusively } from './exclusive.js';
import { cacheFolder, repositoryRoot } from './folders.js';

export interface PythonEnvironmentOptions {
  readonly root?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly report: Report;
}

/** Packages from PyPI in an environment of their own. */
interface PythonEnvironment {
  /** As users know it. */
  readonly name: string;
  /** Folder of `infra/` with its `requirements.txt`, and the beginning of its folder's name in the cache. */
  readonly folder: string;
  /** What must be importable. */
  readonly module: string;
  /** Room that it needs while it is installed. */
  readonly neededBytes: number;
  /** What is fetched and how long that takes. */
  readonly cost: string;
  /** What it is for. */
  readonly purpose: string;
  /** Names an interpreter that has these packages, to be used instead. */
  readonly variable: string;
  /** Packages that PyPI has as source alone. */
  readonly fromSource?: readonly string[];
}

/** PyTorch, for the benchmarks that compare with it. */
const torch: PythonEnvironment = {
  name: 'PyTorch',
  folder: 'python-bench',
  module: 'torch',
  neededBytes: 9e9,
  cost: 'about 3 GB to fetch, 5.4 GB installed; usually 3 to 10 minutes, once',
  purpose: 'the benchmarks that compare with PyTorch',
  variable: 'TRIBUTARY_BENCH_PYTHON',
};

/** MLflow's client, for the test that reads runs with it. */
const mlflowClient: PythonEnvironment = {
  name: "MLflow's client",
  folder: 'mlflow-client',
  module: 'mlflow',
  neededBytes: 6e8,
  cost: 'about 60 MB to fetch, 300 MB installed; usually half a minute, once',
  purpose: "the test that reads runs with MLflow's client",
  variable: 'TRIBUTARY_MLFLOW_PYTHON',
};

/** MLflow's server, for the benchmark that compares with it. */
const mlflowServer: PythonEnvironment = {
  name: "MLflow's server",
  folder: 'mlflow-server',
  module: 'mlflow',
  neededBytes: 2e9,
  cost: 'about 250 MB to fetch, 900 MB installed; usually 1 to 3 minutes, once',
  purpose: 'the benchmark that compares with MLflow',
  variable: 'TRIBUTARY_BENCH_MLFLOW_PYTHON',
};

/** The libraries that the metrics of quality are held to; their scores are committed. */
const quality: PythonEnvironment = {
  name: 'sacrebleu and rouge-score',
  folder: 'python-quality',
  module: 'sacrebleu',
  neededBytes: 4e8,
  cost: 'about 30 MB to fetch, 150 MB installed; usually half a minute, once',
  purpose: 'the scores that the metrics of quality are held to',
  variable: 'TRIBUTARY_QUALITY_PYTHON',
  fromSource: ['rouge-score'],
};

/**
 * The interpreter of an environment with PyTorch at the versions of `infra/python-bench/requirements.txt`; never part of a test.
 * @throws TributaryError `PREREQUISITE_MISSING`, see {@link pythonOf}
 */
export function benchPython(options: PythonEnvironmentOptions): Promise<string> {
  return pythonOf(torch, options);
}

/**
 * The interpreter of an environment with MLflow's client (`mlflow-skinny`) and pandas.
 * @throws TributaryError `PREREQUISITE_MISSING`, see {@link pythonOf}
 */
export function mlflowPython(options: PythonEnvironmentOptions): Promise<string> {
  return pythonOf(mlflowClient, options);
}

/**
 * The interpreter of an environment with MLflow's server and its Postgres driver; never part of a test.
 * @throws TributaryError `PREREQUISITE_MISSING`, see {@link pythonOf}
 */
export function benchMlflowPython(options: PythonEnvironmentOptions): Promise<string> {
  return pythonOf(mlflowServer, options);
}

/**
 * The interpreter of an environment with sacrebleu and rouge-score; never part of a test.
 * @throws TributaryError `PREREQUISITE_MISSING`, see {@link pythonOf}
 */
export function qualityPython(options: PythonEnvironmentOptions): Promise<string> {
  return pythonOf(quality, options);
}

/**
 * Installed at the first call into the cache folder, one for all checkouts; other versions of a package or of Python make
 * another one.
 * @throws TributaryError `PREREQUISITE_MISSING` without Python's venv, without room, or when the packages cannot be fetched.
 */
async function pythonOf(environment: PythonEnvironment, options: PythonEnvironmentOptions): Promise<string> {
  const env = options.env ?? process.env;
  const given = env[environment.variable];
  if (given !== undefined && given !== '') {
    await requireModule(given, environment);
    return given;
  }
  const requirements = join(options.root ?? repositoryRoot(), 'infra', environment.folder, 'requirements.txt');
  const version = await pythonVersion(environment);
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cacheFolder(env), `${environment.folder}-${version}-${key}`);
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'complete.json');
  if (existsSync(stamp)) return python;
  const waiting = `${environment.name}: another process is installing it; waiting`;
  await exclusively(`${folder}.lock`, { waiting, report: options.report, timeoutMs: 3_600_000 }, async () => {
    if (!existsSync(stamp)) await install(environment, folder, requirements, options.report);
  });
  return python;
}

async function pythonVersion({ purpose }: PythonEnvironment): Promise<string> {
  const asked = await runCommand('python3', ['-c', 'import sys, ensurepip; print("%d.%d" % sys.version_info[:2])']);
  if (asked.ok) return asked.output.trim();
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    `Python 3 with venv is needed for ${purpose}; install it (Debian and Ubuntu: apt install python3 python3-venv).`,
  );
}

async function requireModule(python: string, { module, variable }: PythonEnvironment): Promise<void> {
  const asked = await runCommand(python, ['-c', `import ${module}`]);
  if (asked.ok) return;
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    `${variable} is ${python}, which does not import ${module}: install it there, or unset the variable. ${lastLines(asked.output, 1)}`,
  );
}

/** A virtual environment knows its own path, so it is made in place; the stamp says that it is whole. */
async function install(
  environment: PythonEnvironment,
  folder: string,
  requirements: string,
  report: Report,
): Promise<void> {
  const { name, neededBytes, module, fromSource = [] } = environment;
  const startedAtMs = Date.now();
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < neededBytes) {
    await rm(folder, { recursive: true, force: true });
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `${name} needs ${neededBytes / 1e9} GB of room while it is installed, and ${folder} has ${((bavail * bsize) / 1e9).toFixed(1)} GB; set TRIBUTARY_CACHE_DIR to a larger disk.`,
    );
  }
  report(`${name}: installing it in ${folder} for ${environment.purpose} (${environment.cost})`);
  try {
    const made = await runCommand('python3', ['-m', 'venv', '--clear', folder]);
    if (!made.ok) throw failure(name, made.output);
    const pip = ['-m', 'pip', 'install', '--no-cache-dir', '--only-binary=:all:', '--progress-bar=off'];
    const installed = await runCommand(join(folder, 'bin', 'python'), [
      ...pip,
      '--disable-pip-version-check',
      '--require-virtualenv',
      ...fromSource.map((source) => `--no-binary=${source}`),
      '-r',
      requirements,
    ]);
    if (!installed.ok) throw failure(name, installed.output);
    const script = `import ${module}; print(${module}.__version__)`;
    const imported = await runCommand(join(folder, 'bin', 'python'), ['-c', script]);
    if (!imported.ok) throw failure(name, imported.output);
    const stamp = join(folder, 'complete.json');
    await writeFile(`${stamp}.new`, `${JSON.stringify({ [module]: lastLines(imported.output, 1) })}\n`);
    await rename(`${stamp}.new`, stamp);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  report(`${name}: installed in ${secondsSince(startedAtMs)}`);
}

function failure(name: string, output: string): TributaryError {
  return new TributaryError(
    'PREREQUISITE_MISSING',
    `${name} could not be installed; check the network (or pip's index settings) and run it again. pip said: ${lastLines(output)}`,
  );
}
