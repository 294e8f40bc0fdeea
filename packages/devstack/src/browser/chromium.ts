import { existsSync, readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand } from '../setup/command.js';
import { fetchDebianPackage, missingAptTool } from '../setup/debian-packages.js';
import { cacheFolder } from '../setup/folders.js';
import { type SetUp, setUpOnce } from '../setup/set-up-once.js';

/** Debian's Chromium without windows: the console is tested in it. */
const debianPackage = 'chromium-headless-shell';
const executable = join('usr', 'lib', 'chromium', 'chromium-headless-shell');

export interface HeadlessChromium {
  readonly executable: string;
  /** What it needs in its environment: its libraries and its fonts. */
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
}

/** `ok: false`: this system has no such package; `reason` says what is missing. */
export type HeadlessChromiumResult = SetUp<HeadlessChromium>;

interface Stamp {
  readonly version: string;
  /** Folders with libraries, relative to the unpacked root. */
  readonly libraries: readonly string[];
}

/** The browser that `TRIBUTARY_CHROMIUM` names or that was set up before, or undefined. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): HeadlessChromium | undefined {
  const named = env.TRIBUTARY_CHROMIUM;
  if (named !== undefined && named !== '') return { executable: named, env: {}, version: 'TRIBUTARY_CHROMIUM' };
  const folder = cacheEntry(env);
  const stamp = join(folder, 'complete.json');
  if (!existsSync(stamp)) return undefined;
  const { version, libraries } = JSON.parse(readFileSync(stamp, 'utf8')) as Stamp;
  return { executable: join(folder, executable), env: environmentOf(folder, libraries), version };
}

/**
 * Sets up headless Chromium once, into the cache folder: Debian's package with the libraries that this system lacks,
 * downloaded by apt and unpacked side by side. Nothing is installed on the system, and no root is needed.
 *
 * @returns `ok: false` where there is no apt, or its sources have no such package.
 * @throws TributaryError `PREREQUISITE_MISSING` when the download fails or a library is missing.
 */
export async function installChromium(options: {
  readonly env?: NodeJS.ProcessEnv;
  readonly report: Report;
}): Promise<HeadlessChromiumResult> {
  const env = options.env ?? process.env;
  const { report } = options;
  const folder = cacheEntry(env);
  return setUpOnce({
    ...{ name: 'Chromium', folder, report },
    find: () => findChromium(env),
    make: (made, scratch) => fetchInto(made, scratch, { folder, env, report }),
  });
}

const cacheEntry = (env: NodeJS.ProcessEnv): string => join(cacheFolder(env), `chromium-${process.arch}`);

function environmentOf(folder: string, libraries: readonly string[]): Record<string, string> {
  return {
    LD_LIBRARY_PATH: libraries.map((each) => join(folder, each)).join(':'),
    FONTCONFIG_FILE: join(folder, 'fonts.conf'),
  };
}

async function fetchInto(
  made: string,
  scratch: string,
  { folder, env, report }: { readonly folder: string; readonly env: NodeJS.ProcessEnv; readonly report: Report },
): Promise<string | null> {
  const tool = missingAptTool(env);
  if (tool !== undefined)
    return `Chromium comes from Debian's package ${debianPackage}, and there is no ${tool} here; name a Chromium in TRIBUTARY_CHROMIUM.`;
  report(
    `Chromium: downloading Debian's ${debianPackage} and the libraries that it lacks (about 100 MB, 300 MB unpacked) for the tests of the console (usually 20 s, once)`,
  );
  const fetched = await fetchDebianPackage({ package: debianPackage, dependencies: true, folder: scratch, env });
  if (!fetched.ok && fetched.unknown)
    return `apt's sources have no package ${debianPackage}, which Debian has; name a Chromium in TRIBUTARY_CHROMIUM.`;
  if (!fetched.ok) throw failure(`apt said: ${lastLines(fetched.output, 3)}`);
  for (const archive of fetched.archives) {
    const unpacked = await runCommand('dpkg-deb', ['-x', archive, made], { env });
    if (!unpacked.ok) throw failure(`dpkg-deb said: ${lastLines(unpacked.output, 2)}`);
  }
  // Where it is installed already, apt has nothing to fetch of it.
  if (!existsSync(join(made, executable)))
    throw failure(`${debianPackage} holds no ${executable}; if it is installed, name it in TRIBUTARY_CHROMIUM`);
  const libraries = await foldersOfLibraries(made, '');
  await writeFile(join(made, 'fonts.conf'), fontConfiguration(folder));
  const own = environmentOf(made, libraries);
  const linked = await runCommand('ldd', [join(made, executable)], { env: { ...env, ...own } });
  const missing = linked.output.split('\n').filter((line) => line.includes('not found'));
  if (!linked.ok || missing.length > 0)
    throw failure(`Libraries are missing: ${missing.map((line) => line.trim().split(' ')[0]).join(', ')}`);
  const version = versionOf(fetched.archives);
  await writeFile(join(made, 'complete.json'), `${JSON.stringify({ version, libraries } satisfies Stamp)}\n`);
  return null;
}

async function foldersOfLibraries(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const here = entries.some((entry) => !entry.isDirectory() && /\.so(\.|$)/.test(entry.name)) ? [folder] : [];
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => foldersOfLibraries(root, join(folder, entry.name))),
  );
  return [...here, ...below.flat()];
}

/** The system's fonts, and those that came along where it has none. */
function fontConfiguration(folder: string): string {
  const dirs = ['/usr/share/fonts', '/usr/local/share/fonts', join(folder, 'usr', 'share', 'fonts')];
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
${dirs.map((dir) => `  <dir>${dir}</dir>`).join('\n')}
  <cachedir>${join(dirname(folder), `${basename(folder)}-fonts`)}</cachedir>
</fontconfig>
`;
}

/** `156.0.8078.114-1~deb12u1`: apt writes it into the archive's name. */
function versionOf(archives: readonly string[]): string {
  const own = archives.map((file) => basename(file)).find((name) => name.startsWith(`${debianPackage}_`));
  return own?.split('_')[1] ?? 'unknown';
}

function failure(what: string): TributaryError {
  return new TributaryError(
    'PREREQUISITE_MISSING',
    `Chromium, in which the console is tested, could not be set up; check the network to Debian's archive and run make test again. ${what}`,
  );
}
