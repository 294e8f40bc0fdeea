import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand } from '../setup/command.js';
import { fetchDebianPackage, missingAptTool } from '../setup/debian-packages.js';
import { cacheFolder } from '../setup/folders.js';
import { type SetUp, setUpOnce } from '../setup/set-up-once.js';

/** Debian's package with SwiftShader and the Vulkan loader: the smallest one, without the browser itself. */
const debianPackage = 'chromium-common';
const packageFolder = join('usr', 'lib', 'chromium');
const manifest = 'vk_swiftshader_icd.json';
const files = [manifest, 'libvk_swiftshader.so', 'libvulkan.so.1'] as const;

export interface SoftwareVulkan {
  /** The driver's manifest, with the driver and a Vulkan loader beside it: the value for `VK_DRIVER_FILES`. */
  readonly driverFile: string;
  /** Version of the Debian package. */
  readonly version: string;
}

/** `ok: false`: this system has no such package; `reason` says what is missing. */
export type SoftwareVulkanResult = SetUp<SoftwareVulkan>;

export interface SwiftshaderOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly report: Report;
}

interface Stamp {
  readonly package: string;
  readonly version: string;
  readonly sha256: string;
}

/** The software driver that was set up before, or undefined. */
export function findSwiftshader(env: NodeJS.ProcessEnv = process.env): SoftwareVulkan | undefined {
  const folder = cacheEntry(env);
  const stamp = join(folder, 'complete.json');
  if (!existsSync(stamp)) return undefined;
  const { version } = JSON.parse(readFileSync(stamp, 'utf8')) as Stamp;
  return { driverFile: join(folder, manifest), version };
}

/**
 * Sets up SwiftShader, a Vulkan driver that computes on the processor, once, into the cache folder: the WebGPU backend is
 * tested on it. It comes out of a Debian package that apt downloads and checks against Debian's signature; nothing is
 * installed on the system, and no root is needed.
 *
 * @returns `ok: false` where there is no apt, or its sources have no such package.
 * @throws TributaryError `PREREQUISITE_MISSING` when the download fails.
 */
export async function installSwiftshader(options: SwiftshaderOptions): Promise<SoftwareVulkanResult> {
  const env = options.env ?? process.env;
  const { report } = options;
  return setUpOnce({
    ...{ name: 'SwiftShader', folder: cacheEntry(env), report },
    find: () => findSwiftshader(env),
    make: (made, scratch) => fetchInto(made, scratch, { env, report }),
  });
}

const cacheEntry = (env: NodeJS.ProcessEnv): string => join(cacheFolder(env), `swiftshader-${process.arch}`);

async function fetchInto(
  made: string,
  scratch: string,
  { env, report }: { readonly env: NodeJS.ProcessEnv; readonly report: Report },
): Promise<string | null> {
  const tool = missingAptTool(env);
  if (tool !== undefined)
    return `SwiftShader comes from Debian's package ${debianPackage}, and there is no ${tool} here.`;
  report(
    `SwiftShader: downloading Debian's ${debianPackage} (32 MB) for the tests of the WebGPU backend; 6 MB of it stay (usually 10 s, once)`,
  );
  const fetched = await fetchDebianPackage({ package: debianPackage, dependencies: false, folder: scratch, env });
  if (!fetched.ok && fetched.unknown) return `apt's sources have no package ${debianPackage}, which Debian has.`;
  if (!fetched.ok) throw failure(fetched.output);
  const archive = fetched.archives[0] as string;
  const unpacked = await runCommand('dpkg-deb', ['-x', archive, join(scratch, 'unpacked')], { env });
  const said = await runCommand('dpkg-deb', ['-f', archive, 'Version'], { env });
  if (!unpacked.ok || !said.ok) throw failure(unpacked.ok ? said.output : unpacked.output);
  for (const file of files) {
    await copyFile(join(scratch, 'unpacked', packageFolder, file), join(made, file)).catch((error: unknown) => {
      throw failure(`${debianPackage} ${said.output.trim()} holds no ${file}`, error);
    });
  }
  const stamp: Stamp = {
    package: debianPackage,
    version: said.output.trim(),
    sha256: createHash('sha256')
      .update(await readFile(archive))
      .digest('hex'),
  };
  await writeFile(join(made, 'complete.json'), `${JSON.stringify(stamp)}\n`);
  return null;
}

function failure(output: string, cause?: unknown): TributaryError {
  return new TributaryError(
    'PREREQUISITE_MISSING',
    `SwiftShader, on which the WebGPU backend is tested, could not be set up; check the network to Debian's archive and run make setup again. apt said: ${lastLines(output, 3)}`,
    { cause },
  );
}
