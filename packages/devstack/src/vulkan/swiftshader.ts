import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand, secondsSince } from '../setup/command.js';
import { fetchDebianPackage, missingAptTool } from '../setup/debian-packages.js';
import { exclusively } from '../setup/exclusive.js';
import { cacheFolder } from '../setup/folders.js';

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

export type SoftwareVulkanResult =
  | ({ readonly ok: true } & SoftwareVulkan)
  /** This system has no such package; `reason` says what is missing. */
  | { readonly ok: false; readonly reason: string };

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
  const before = findSwiftshader(env);
  if (before !== undefined) return { ok: true, ...before };
  const tool = missingAptTool(env);
  if (tool !== undefined)
    return {
      ok: false,
      reason: `SwiftShader comes from Debian's package ${debianPackage}, and there is no ${tool} here.`,
    };
  const folder = cacheEntry(env);
  const waiting = 'SwiftShader: another process is setting it up; waiting';
  return exclusively(`${folder}.lock`, { waiting, report: options.report, timeoutMs: 600_000 }, async () => {
    const meanwhile = findSwiftshader(env);
    return meanwhile === undefined ? fetchInto(folder, env, options.report) : { ok: true, ...meanwhile };
  });
}

const cacheEntry = (env: NodeJS.ProcessEnv): string => join(cacheFolder(env), `swiftshader-${process.arch}`);

async function fetchInto(folder: string, env: NodeJS.ProcessEnv, report: Report): Promise<SoftwareVulkanResult> {
  const startedAtMs = Date.now();
  const building = `${folder}.building`;
  await rm(building, { recursive: true, force: true });
  const made = join(building, 'made');
  await mkdir(made, { recursive: true });
  try {
    report(
      `SwiftShader: downloading Debian's ${debianPackage} (32 MB) for the tests of the WebGPU backend; 6 MB of it stay (usually 10 s, once)`,
    );
    const fetched = await fetchDebianPackage({ package: debianPackage, dependencies: false, folder: building, env });
    if (!fetched.ok && fetched.unknown)
      return { ok: false, reason: `apt's sources have no package ${debianPackage}, which Debian has.` };
    if (!fetched.ok) throw failure(fetched.output);
    const archive = fetched.archives[0] as string;
    const unpacked = await runCommand('dpkg-deb', ['-x', archive, join(building, 'unpacked')], { env });
    const said = await runCommand('dpkg-deb', ['-f', archive, 'Version'], { env });
    if (!unpacked.ok || !said.ok) throw failure(unpacked.ok ? said.output : unpacked.output);
    for (const file of files) {
      await copyFile(join(building, 'unpacked', packageFolder, file), join(made, file)).catch((error: unknown) => {
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
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
    report(`SwiftShader: ready in ${secondsSince(startedAtMs)} (${stamp.version})`);
    return { ok: true, driverFile: join(folder, manifest), version: stamp.version };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

function failure(output: string, cause?: unknown): TributaryError {
  return new TributaryError(
    'PREREQUISITE_MISSING',
    `SwiftShader, on which the WebGPU backend is tested, could not be set up; check the network to Debian's archive and run make setup again. apt said: ${lastLines(output, 3)}`,
    { cause },
  );
}
