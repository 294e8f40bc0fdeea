import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { TributaryError } from '@tributary/protocol';

/** The npm package whose C++ addon is built here. */
export interface AddonPackage {
  /** Its folder in node_modules. */
  readonly folder: string;
  readonly version: string;
  /** The build tool it depends on. */
  readonly nodePreGyp: string;
}

/** @throws TributaryError `PREREQUISITE_MISSING` before `npm ci`. */
export function findAddonPackage(root: string): AddonPackage {
  const require = createRequire(join(root, 'package.json'));
  try {
    const manifest = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
    const addonRequire = createRequire(manifest);
    const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
    const version =
      typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
    const preGyp = addonRequire.resolve('@mapbox/node-pre-gyp/package.json');
    return { folder: dirname(manifest), version, nodePreGyp: join(dirname(preGyp), 'bin', 'node-pre-gyp') };
  } catch (error) {
    throw new TributaryError(
      'PREREQUISITE_MISSING',
      `@tensorflow/tfjs-node-gpu is not in ${join(root, 'node_modules')}; run npm ci there.`,
      {
        cause: error,
      },
    );
  }
}

const linkedFolders = ['lib', 'deps'] as const;

/** True when the package in node_modules already uses the built addon of `cacheEntry`. */
export function isLinked(addon: AddonPackage, cacheEntry: string): boolean {
  return linkedFolders.every((name) => {
    const link = join(addon.folder, name);
    return (
      lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true &&
      resolve(readlinkSync(link)) === join(cacheEntry, name) &&
      existsSync(link)
    );
  });
}

/** Points `lib/` and `deps/` of the package in node_modules to the built addon: all that `npm ci` undoes. */
export async function linkAddon(addon: AddonPackage, cacheEntry: string): Promise<void> {
  for (const name of linkedFolders) {
    const link = join(addon.folder, name);
    const temporary = `${link}.${process.pid}`;
    await symlink(join(cacheEntry, name), temporary);
    if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory()) await rm(link, { recursive: true, force: true });
    await rename(temporary, link);
  }
}
