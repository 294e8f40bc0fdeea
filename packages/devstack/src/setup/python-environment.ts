import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand, secondsSince } from './command.js';
import { exclusively } from './exclusive.js';
import { cacheFolder, repositoryRoot } from './folders.js';

const neededBytes = 9e9;

export interface PythonEnvironmentOptions {
  readonly root?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly report: Report;
}

/**
 * The interpreter of the Python environment that benchmarks compare with (PyTorch at the versions of
 * `infra/python-bench/requirements.txt`), installed at the first call into the cache folder: about 3 GB to fetch. One for all
 * benchmarks and checkouts; other versions of a package or of Python make another one. `TRIBUTARY_BENCH_PYTHON` names an
 * interpreter that has these packages to be used instead.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` without Python's venv, without room, or when the packages cannot be fetched.
 */
export async function benchPython(options: PythonEnvironmentOptions): Promise<string> {
  const env = options.env ?? process.env;
  const given = env.TRIBUTARY_BENCH_PYTHON;
  if (given !== undefined && given !== '') {
    await requireTorch(given);
    return given;
  }
  const requirements = join(options.root ?? repositoryRoot(), 'infra', 'python-bench', 'requirements.txt');
  const version = await pythonVersion();
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cacheFolder(env), `python-bench-${version}-${key}`);
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'complete.json');
  if (existsSync(stamp)) return python;
  await exclusively(
    `${folder}.lock`,
    { waiting: 'PyTorch: another process is installing it; waiting', report: options.report, timeoutMs: 3_600_000 },
    async () => {
      if (!existsSync(stamp)) await install(folder, requirements, options.report);
    },
  );
  return python;
}

async function pythonVersion(): Promise<string> {
  const asked = await runCommand('python3', ['-c', 'import sys, ensurepip; print("%d.%d" % sys.version_info[:2])']);
  if (asked.ok) return asked.output.trim();
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    'Python 3 with venv is needed for the benchmarks that compare with PyTorch; install it (Debian and Ubuntu: apt install python3 python3-venv).',
  );
}

async function requireTorch(python: string): Promise<void> {
  const asked = await runCommand(python, ['-c', 'import torch']);
  if (asked.ok) return;
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    `TRIBUTARY_BENCH_PYTHON is ${python}, which does not import torch: install it there, or unset the variable. ${lastLines(asked.output, 1)}`,
  );
}

/** A virtual environment knows its own path, so it is made in place; the stamp says that it is whole. */
async function install(folder: string, requirements: string, report: Report): Promise<void> {
  const startedAtMs = Date.now();
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < neededBytes) {
    await rm(folder, { recursive: true, force: true });
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `PyTorch needs ${neededBytes / 1e9} GB of room while it is installed, and ${folder} has ${((bavail * bsize) / 1e9).toFixed(1)} GB; set TRIBUTARY_CACHE_DIR to a larger disk.`,
    );
  }
  report(
    `PyTorch: installing it for the benchmarks (about 3 GB to fetch, 5.4 GB installed in ${folder}; usually 3 to 10 minutes, once)`,
  );
  try {
    const made = await runCommand('python3', ['-m', 'venv', '--clear', folder]);
    if (!made.ok) throw failure(made.output);
    const pip = ['-m', 'pip', 'install', '--no-cache-dir', '--only-binary=:all:', '--progress-bar=off'];
    const installed = await runCommand(join(folder, 'bin', 'python'), [
      ...pip,
      '--disable-pip-version-check',
      '--require-virtualenv',
      '-r',
      requirements,
    ]);
    if (!installed.ok) throw failure(installed.output);
    const imported = await runCommand(join(folder, 'bin', 'python'), ['-c', 'import torch; print(torch.__version__)']);
    if (!imported.ok) throw failure(imported.output);
    const stamp = join(folder, 'complete.json');
    await writeFile(`${stamp}.new`, `${JSON.stringify({ torch: lastLines(imported.output, 1) })}\n`);
    await rename(`${stamp}.new`, stamp);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  report(`PyTorch: installed in ${secondsSince(startedAtMs)}`);
}

function failure(output: string): TributaryError {
  return new TributaryError(
    'PREREQUISITE_MISSING',
    `PyTorch could not be installed; check the network (or pip's index settings) and run it again. pip said: ${lastLines(output)}`,
  );
}
