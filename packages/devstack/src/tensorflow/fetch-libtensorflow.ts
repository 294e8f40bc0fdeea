import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand, secondsSince } from '../setup/command.js';
import { type TensorflowVariant, tensorflowVersion } from './variant.js';

// tfjs links `-ltensorflow`; the wheel calls that library libtensorflow_cc.
const linkNames = [
  ['libtensorflow_cc.so.2', 'libtensorflow.so'],
  ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
] as const;

const unpackScript = `
import sys, zipfile
wheel, target = sys.argv[1:3]
wanted = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2',
          'tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/platform/ctstring',
          'tensorflow/include/tsl/platform/ctstring', 'tensorflow/include/xla/tsl/c/')
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(target, [name for name in archive.namelist() if name.startswith(wanted)])
`;

export interface LibtensorflowRequest {
  readonly variant: TensorflowVariant;
  /** `infra/tensorflow` of the checkout: the pinned requirement files. */
  readonly requirementsFolder: string;
  /** Gets `deps/lib` and `deps/include`. */
  readonly target: string;
  readonly report: Report;
}

/**
 * Downloads the pinned wheel and lays out `deps/lib` and `deps/include` under `target`.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` without Python or pip, or when the download fails.
 */
export async function fetchLibtensorflow(request: LibtensorflowRequest): Promise<void> {
  await requirePip();
  if (request.variant === 'cpu') await fetchCpu(request);
  else await fetchCuda(request);
}

async function requirePip(): Promise<void> {
  const pip = await runCommand('python3', ['-m', 'pip', '--version']);
  if (pip.ok) return;
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    'Python 3 with pip is needed to download TensorFlow; install it (Debian and Ubuntu: apt install python3 python3-pip python3-venv).',
  );
}

const pinned = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--no-cache-dir', '--progress-bar=off'];
// One Python version for all machines: only the libraries of the wheel are used, and an unpinned pip takes another wheel.
const python = ['--implementation', 'cp', '--python-version', '311', '--abi', 'cp311', '--abi', 'none'];
const platform = [...python, '--platform', 'manylinux_2_27_x86_64'];

async function fetchCpu({ requirementsFolder, target, report }: LibtensorflowRequest): Promise<void> {
  const startedAtMs = Date.now();
  const wheels = join(target, 'wheel');
  report(
    `TensorFlow: downloading the tensorflow-cpu ${tensorflowVersion} wheel (261 MB; usually under a minute, once)`,
  );
  const requirement = ['--dest', wheels, '-r', join(requirementsFolder, 'requirements-cpu.txt')];
  const downloaded = await runCommand('python3', ['-m', 'pip', 'download', ...pinned, ...platform, ...requirement]);
  if (!downloaded.ok) throw downloadFailure(`tensorflow-cpu ${tensorflowVersion}`, downloaded.output);
  const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw downloadFailure(`tensorflow-cpu ${tensorflowVersion}`, downloaded.output);
  report(`TensorFlow: wheel downloaded in ${secondsSince(startedAtMs)}; unpacking its libraries (about 10 s, once)`);
  const unpacked = await runCommand('python3', ['-c', unpackScript, join(wheels, wheel), join(target, 'deps')]);
  if (!unpacked.ok) {
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `The TensorFlow wheel could not be unpacked into ${target} (1 GB is needed): ${lastLines(unpacked.output)}`,
    );
  }
  await rm(wheels, { recursive: true, force: true });
  await layOut(target, join(target, 'deps', 'tensorflow'));
}

/**
 * The native wheels of `tensorflow[and-cuda]` in a folder of their own, used where they lie: libtensorflow finds the CUDA
 * libraries relative to itself, so `deps/lib` is a link to the folder of the installed package. Built and
 * loaded on a machine without a GPU; not yet run on one.
 */
async function fetchCuda({ requirementsFolder, target, report }: LibtensorflowRequest): Promise<void> {
  const startedAtMs = Date.now();
  const installed = join(target, 'python');
  report(`TensorFlow: installing tensorflow[and-cuda] ${tensorflowVersion} (about 3 GB; usually some minutes, once)`);
  const newer = ['--platform', 'manylinux_2_17_x86_64', '--platform', 'manylinux2014_x86_64'];
  const older = ['--platform', 'manylinux_2_12_x86_64', '--platform', 'manylinux2010_x86_64'];
  const requirement = ['--target', installed, '-r', join(requirementsFolder, 'requirements-cuda.txt')];
  const done = await runCommand('python3', [
    '-m',
    'pip',
    'install',
    ...pinned,
    ...platform,
    ...newer,
    ...older,
    ...requirement,
  ]);
  if (!done.ok) throw downloadFailure(`tensorflow[and-cuda] ${tensorflowVersion}`, done.output);
  report(`TensorFlow: installed in ${secondsSince(startedAtMs)}`);
  await layOut(target, join(installed, 'tensorflow'));
}

async function layOut(target: string, installed: string): Promise<void> {
  const deps = join(target, 'deps');
  await mkdir(deps, { recursive: true });
  for (const [library, linkName] of linkNames) await symlink(library, join(installed, linkName));
  await symlink(relative(deps, installed), join(deps, 'lib'));
  await symlink(relative(deps, join(installed, 'include')), join(deps, 'include'));
}

function downloadFailure(what: string, output: string): TributaryError {
  return new TributaryError(
    'PREREQUISITE_MISSING',
    `${what} could not be downloaded from PyPI; check the network (or pip's index settings) and run it again. pip said: ${lastLines(output)}`,
  );
}
