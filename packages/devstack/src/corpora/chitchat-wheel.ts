import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand } from '../setup/command.js';
import { repositoryRoot } from '../setup/folders.js';

/** The content of the data set's wheel. */
export interface ChitchatWheel {
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Its `dataset.json`. */
  readonly dataset: string;
  /** Its licence, whole. */
  readonly licence: string;
}

export interface WheelRequest {
  /** The wheel stays here. */
  readonly folder: string;
  readonly report: Report;
}

/**
 * Fetches the wheel of `infra/chitchat/requirements.txt` by pip and takes the data out of it; none of its code runs.
 * @throws TributaryError `PREREQUISITE_MISSING` without Python's pip; `SERVER_FAILED` where it cannot be fetched or is not the pinned one
 */
export async function fetchChitchatWheel({ folder, report }: WheelRequest): Promise<ChitchatWheel> {
  const requirements = join(repositoryRoot(), 'infra', 'chitchat', 'requirements.txt');
  const pin = /==(\S+) --hash=sha256:([0-9a-f]{64})/.exec(await readFile(requirements, 'utf8'));
  const [, version = '', sha256 = ''] = pin ?? [];
  await mkdir(folder, { recursive: true });
  if ((await wheelIn(folder, sha256)) === null) await download(folder, requirements, { version, report });
  const file = await wheelIn(folder, sha256);
  if (file === null)
    throw new TributaryError(
      'SERVER_FAILED',
      `pip brought no wheel of chitchat-dataset ${version} with the pinned SHA-256 ${sha256} into ${folder}; remove that folder and run this again.`,
    );
  const unpacked = join(folder, 'unpacked');
  await rm(unpacked, { recursive: true, force: true });
  try {
    const done = await runCommand('python3', ['-m', 'zipfile', '-e', join(folder, file), unpacked]);
    if (!done.ok)
      throw new TributaryError('SERVER_FAILED', `${join(folder, file)} cannot be unpacked: ${lastLines(done.output)}`);
    const dataset = await readFile(join(unpacked, 'chitchat_dataset', 'dataset.json'), 'utf8');
    const licence = await readFile(join(unpacked, `chitchat_dataset-${version}.dist-info`, 'LICENSE'), 'utf8');
    const sizeBytes = (await readFile(join(folder, file))).byteLength;
    return { version, file, sha256, sizeBytes, dataset, licence: licence.trim() };
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

/** The name of the whole wheel: what was broken off has another hash. */
async function wheelIn(folder: string, sha256: string): Promise<string | null> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.whl')) continue;
    const found = createHash('sha256').update(await readFile(join(folder, name)));
    if (found.digest('hex') === sha256) return name;
    await rm(join(folder, name));
  }
  return null;
}

async function download(
  folder: string,
  requirements: string,
  { version, report }: { readonly version: string; readonly report: Report },
): Promise<void> {
  const pip = await runCommand('python3', ['-m', 'pip', '--version']);
  if (!pip.ok)
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      'Python 3 with pip is needed to fetch the chitchat corpus; install it (Debian and Ubuntu: apt install python3 python3-pip).',
    );
  report(`chitchat: downloading the wheel of chitchat-dataset ${version} (8 MB)`);
  const pinned = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--no-cache-dir', '--progress-bar=off'];
  const args = [
    '-m',
    'pip',
    'download',
    '--disable-pip-version-check',
    ...pinned,
    '--dest',
    folder,
    '-r',
    requirements,
  ];
  const downloaded = await runCommand('python3', args);
  if (!downloaded.ok)
    throw new TributaryError(
      'SERVER_FAILED',
      `chitchat-dataset ${version} could not be fetched from PyPI; check the network (or pip's index settings) and run it again. pip said: ${lastLines(downloaded.output)}`,
    );
}
