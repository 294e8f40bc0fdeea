import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { execa } from 'execa';
import { searchPath } from '../servers/find-server.js';
import { lastLines, type Report, runCommand } from '../setup/command.js';
import { type DebianTargets, type IndexTarget, pickDebianTargets } from './index-targets.js';
import { parseRelease, type SignedRelease } from './signed-release.js';

const helper = '/usr/lib/apt/apt-helper';
const largestIndexBytes = 1024 ** 3;

/** Index files of one release of Debian, read and checked. */
export interface FetchedIndices {
  readonly release: Omit<SignedRelease, 'sha256'>;
  /** Of the signed index. */
  readonly releaseSha256: string;
  readonly packages: string;
  /** By language. */
  readonly translations: ReadonlyMap<string, string>;
  readonly origin: readonly { readonly name: string; readonly sha256: string; readonly sizeBytes: number }[];
}

export interface IndicesRequest {
  readonly languages: readonly string[];
  /** apt's lists stay here, so that an interrupted fetch goes on and a later one brings only what changed. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
}

/**
 * Fetches Debian's `Packages` and `Translation-xx` with the system's own apt and sources, into lists of its own; the system's are not
 * touched, and no root is needed. apt checks the signature of the release with the keys that the system trusts, and each file's hash
 * against it; what is read here is hashed again.
 * @throws TributaryError `PREREQUISITE_MISSING` where there is no apt, or none that has Debian's descriptions;
 *   `SERVER_FAILED` where they cannot be fetched or are not what the release lists
 */
export async function fetchDebianIndices(request: IndicesRequest): Promise<FetchedIndices> {
  requireApt(request.env);
  const apt = await privateApt(request);
  request.report('Debian: asking apt for the newest indices (31 MB where none are here yet)');
  const updated = await apt(['update'], (line) => {
    const fetched = /^Get:\d+ \S+ (.+)$/.exec(line)?.[1];
    if (fetched !== undefined) request.report(`Debian: ${fetched}`);
  });
  const targets = pickDebianTargets((await apt(['indextargets'])).output, request.languages);
  if (!targets.ok) throw noIndices(targets, updated.ok ? '' : updated.output);
  // apt takes what it has where a server does not answer, and says so only in its output.
  if (/^(?:Err:|W: Failed|E: )/m.test(updated.output))
    request.report(`Debian: apt could not refresh every source; ${lastLines(updated.output, 1)}`);
  return await readIndices(targets);
}

function requireApt(env: NodeJS.ProcessEnv): void {
  const missing = searchPath('apt-get', env) === undefined ? 'apt-get' : existsSync(helper) ? undefined : helper;
  if (missing !== undefined)
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `There is no ${missing} on this system, and Debian's descriptions come by apt (Debian and what derives from it). Fetch them on a machine that has it and copy the folder corpora/debian of its data, or give pairs of your own as JSONL: data: { source: file, format: jsonl, path: … }.`,
    );
}

type Apt = (args: readonly string[], onLine?: (line: string) => void) => ReturnType<typeof runCommand>;

async function privateApt({ folder, languages, env }: IndicesRequest): Promise<Apt> {
  const lists = join(folder, 'lists');
  const cache = join(folder, 'cache');
  for (const each of [lists, join(cache, 'archives')]) await mkdir(join(each, 'partial'), { recursive: true });
  const configuration = join(folder, 'apt.conf');
  const hooks = ['Pre-Invoke', 'Post-Invoke', 'Post-Invoke-Success'].map((hook) => `#clear APT::Update::${hook};\n`);
  // Hooks of the system would act on the system's state. A file is the one way to unset them.
  await writeFile(configuration, hooks.join(''));
  const options = {
    'Dir::State::Lists': `${lists}/`,
    'Dir::Cache': `${cache}/`,
    // As root apt drops to a user that cannot write into root's home.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': languages.join(','),
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::AllowInsecureRepositories': 'false',
    // Lists of last year say that their release is stable; today's may say that it is not.
    'Acquire::AllowReleaseInfoChange': 'true',
  };
  const given = [
    '-q',
    '-c',
    configuration,
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
  ];
  return (args, onLine) =>
    runCommand('apt-get', [...given, ...args], { env: { ...env, LC_ALL: 'C' }, extendEnv: false }, onLine);
}

function noIndices({ reason }: Extract<DebianTargets, { ok: false }>, output: string): TributaryError {
  if (output === '')
    return new TributaryError(
      'PREREQUISITE_MISSING',
      `Debian's descriptions cannot be fetched: ${reason}. Add a source of Debian's main to apt, fetch them on a machine that has one and copy the folder corpora/debian of its data, or give pairs of your own as JSONL: data: { source: file, format: jsonl, path: … }.`,
    );
  return new TributaryError(
    'SERVER_FAILED',
    `Debian's descriptions could not be fetched; check the network and run it again, it goes on where it was. apt said: ${lastLines(output)}`,
  );
}

async function readIndices({ packages, translations }: Extract<DebianTargets, { ok: true }>): Promise<FetchedIndices> {
  const signed = await readFile(packages.release).catch(() => null);
  const release = signed === null ? null : parseRelease(signed.toString('utf8'));
  if (signed === null || release === null)
    throw new TributaryError(
      'SERVER_FAILED',
      `apt has no signed index of the release (${packages.release}), so nothing can be checked; use a source that has an InRelease file.`,
    );
  const origin = [{ name: 'InRelease', sha256: sha256Of(signed), sizeBytes: signed.byteLength }];
  const read = async (target: IndexTarget): Promise<string> => {
    const bytes = await contentOf(target.file);
    const sha256 = sha256Of(bytes);
    if (release.sha256.get(target.metaKey) !== sha256)
      throw new TributaryError(
        'SERVER_FAILED',
        `${target.file} is not the ${target.metaKey} that the signed index of the release lists; remove it and run this again.`,
      );
    origin.push({ name: target.metaKey, sha256, sizeBytes: bytes.byteLength });
    return bytes.toString('utf8');
  };
  const packagesText = await read(packages);
  const texts = new Map<string, string>();
  for (const [language, target] of translations) texts.set(language, await read(target));
  const { sha256: _, ...described } = release;
  return { release: described, releaseSha256: sha256Of(signed), packages: packagesText, translations: texts, origin };
}

/** apt keeps its lists in whatever compression it is set to. */
async function contentOf(file: string): Promise<Buffer> {
  const result = await execa(helper, ['cat-file', file], {
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: largestIndexBytes,
    reject: false,
  });
  if (result.failed)
    throw new TributaryError('SERVER_FAILED', `apt cannot read its list ${file}; remove it and run this again.`);
  return Buffer.from(result.stdout);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
