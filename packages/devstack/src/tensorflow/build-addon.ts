import { existsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TributaryError } from '@tributary/protocol';
import { lastLines, type Report, runCommand, secondsSince } from '../setup/command.js';
import type { AddonPackage } from './addon-package.js';

/** The folder that holds `include/node` of the running Node, or undefined where its headers are not installed. */
export function nodeHeadersFolder(execPath: string = process.execPath): string | undefined {
  const installed = resolve(dirname(execPath), '..');
  return existsSync(join(installed, 'include', 'node', 'node_api.h')) ? installed : undefined;
}

/**
 * Compiles the addon of `@tensorflow/tfjs-node-gpu` in `target`, which already has `deps/`; leaves `lib/napi-vN/tfjs_binding.node`.
 *
 * @throws TributaryError `PREREQUISITE_MISSING` naming the missing tool.
 */
export async function buildAddon(addon: AddonPackage, target: string, report: Report): Promise<void> {
  await requireTool('make', ['--version'], 'make');
  await requireTool(process.env.CXX ?? 'g++', ['--version'], 'A C++ compiler');
  for (const name of ['package.json', 'binding.gyp', 'binding']) {
    await cp(join(addon.folder, name), join(target, name), { recursive: true });
  }
  const startedAtMs = Date.now();
  report('TensorFlow: compiling its Node addon (usually 15 s, once)');
  const headers = nodeHeadersFolder();
  const built = await runCommand(process.execPath, [addon.nodePreGyp, 'install', '--build-from-source'], {
    cwd: target,
    // Without local headers node-gyp downloads them from nodejs.org.
    env: { ...(headers === undefined ? {} : { npm_config_nodedir: headers }), MAKEFLAGS: '-j2' },
  });
  if (!built.ok) {
    const remedy =
      headers === undefined
        ? `install the headers of Node ${process.version} beside ${process.execPath} (include/node)`
        : 'install a C++17 compiler, make and Python 3 (Debian and Ubuntu: apt install build-essential python3)';
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `The TensorFlow addon did not compile; ${remedy} and run it again. The compiler said: ${lastLines(built.output, 8)}`,
    );
  }
  await rm(join(target, 'build'), { recursive: true, force: true });
  report(`TensorFlow: addon compiled in ${secondsSince(startedAtMs)}`);
}

/**
 * Loads the built addon in a process of its own.
 *
 * @returns the version that libtensorflow reports.
 * @throws TributaryError `PREREQUISITE_MISSING` when it does not load.
 */
export async function loadedTensorflowVersion(addon: AddonPackage, packageFolder: string): Promise<string> {
  const script = `const {find} = require(process.argv[1]); process.stdout.write('loaded ' + require(find(process.argv[2])).TF_Version);`;
  const manifest = join(packageFolder, 'package.json');
  const preGyp = resolve(dirname(addon.nodePreGyp), '..');
  const found = await runCommand(process.execPath, ['-e', script, preGyp, manifest], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  const version = /loaded (\S+)/.exec(found.output)?.[1];
  if (found.ok && version !== undefined) return version;
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    `The TensorFlow addon in ${packageFolder} does not load: ${lastLines(found.output)}; run: rm -r that folder, then make setup.`,
  );
}

async function requireTool(file: string, args: readonly string[], name: string): Promise<void> {
  const found = await runCommand(file, args);
  if (found.ok) return;
  throw new TributaryError(
    'PREREQUISITE_MISSING',
    `${name} is needed to compile the TensorFlow addon; install it (Debian and Ubuntu: apt install build-essential).`,
  );
}
