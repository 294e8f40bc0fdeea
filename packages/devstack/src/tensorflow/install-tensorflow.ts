import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../setup/command.js';
import { exclusively } from '../setup/exclusive.js';
import { cacheFolder, repositoryRoot } from '../setup/folders.js';
import { type AddonPackage, findAddonPackage, isLinked, linkAddon } from './addon-package.js';
import { buildAddon, loadedTensorflowVersion } from './build-addon.js';
import { fetchLibtensorflow } from './fetch-libtensorflow.js';
import { chooseVariant, type TensorflowVariant, tensorflowVersion } from './variant.js';

export type TensorflowResult =
  | {
      readonly ok: true;
      readonly variant: TensorflowVariant;
      readonly folder: string;
      readonly state: 'built' | 'linked' | 'ready';
    }
  /** Training then runs on another backend; `reason` says why and what would mend it. */
  | { readonly ok: false; readonly reason: string };

export interface TensorflowOptions {
  readonly root?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly report: Report;
}

/** Makes `require('@tensorflow/tfjs-node-gpu')` work: builds its addon once into the cache, then only links it. Never throws for a missing prerequisite. */
export async function installTensorflow(options: TensorflowOptions): Promise<TensorflowResult> {
  const env = options.env ?? process.env;
  const root = options.root ?? repositoryRoot();
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      ok: false,
      reason: `The pinned TensorFlow wheel is for Linux x86-64, this is ${process.platform} ${process.arch}.`,
    };
  }
  const variant = await chooseVariant(env);
  if (variant === 'off') return { ok: false, reason: 'TRIBUTARY_TENSORFLOW=off.' };
  const first = await installVariant(variant, root, env, options.report);
  if (first.ok || variant === 'cpu') return first;
  options.report(`TensorFlow: the cuda variant cannot be used (${first.reason}); taking the cpu variant`);
  return installVariant('cpu', root, env, options.report);
}

/**
 * Links what was built before, and builds nothing: `npm ci` puts a fresh package in place without its addon.
 *
 * @returns false where nothing was built yet.
 */
export async function relinkTensorflow(
  root: string = repositoryRoot(),
  env: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  const variant = await chooseVariant(env);
  if (variant === 'off') return false;
  const addon = findAddonPackage(root);
  const built = [variant, 'cpu' as const].map((each) => tensorflowCacheEntry(each, env));
  const folder = built.find((entry) => isComplete(entry, addon));
  if (folder === undefined) return false;
  if (!isLinked(addon, folder)) await linkAddon(addon, folder);
  return true;
}

/** The cache folder of a variant for the running Node. */
export function tensorflowCacheEntry(variant: TensorflowVariant, env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), `tensorflow-${tensorflowVersion}-${variant}-node${process.versions.modules}`);
}

async function installVariant(
  variant: TensorflowVariant,
  root: string,
  env: NodeJS.ProcessEnv,
  report: Report,
): Promise<TensorflowResult> {
  try {
    const addon = findAddonPackage(root);
    const folder = tensorflowCacheEntry(variant, env);
    if (isComplete(folder, addon) && isLinked(addon, folder)) return { ok: true, variant, folder, state: 'ready' };
    return await exclusively(
      `${folder}.lock`,
      { waiting: 'TensorFlow: another process is setting it up; waiting', report, timeoutMs: 3_600_000 },
      async () => {
        const built = !isComplete(folder, addon);
        if (built) await buildEntry(folder, { addon, variant, root, report });
        if (!isLinked(addon, folder)) await linkAddon(addon, folder);
        return { ok: true, variant, folder, state: built ? 'built' : 'linked' };
      },
    );
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

interface EntryRequest {
  readonly addon: AddonPackage;
  readonly variant: TensorflowVariant;
  readonly root: string;
  readonly report: Report;
}

async function buildEntry(folder: string, { addon, variant, root, report }: EntryRequest): Promise<void> {
  const building = `${folder}.building`;
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { recursive: true });
  try {
    await fetchLibtensorflow({
      variant,
      requirementsFolder: join(root, 'infra', 'tensorflow'),
      target: building,
      report,
    });
    await buildAddon(addon, building, report);
    const loaded = await loadedTensorflowVersion(addon, building);
    await writeFile(
      join(building, 'complete.json'),
      `${JSON.stringify({ addon: addon.version, tensorflow: loaded })}\n`,
    );
    await rm(folder, { recursive: true, force: true });
    await rename(building, folder);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

function isComplete(folder: string, addon: AddonPackage): boolean {
  const stamp = join(folder, 'complete.json');
  if (!existsSync(stamp)) return false;
  const parsed: unknown = JSON.parse(readFileSync(stamp, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'addon' in parsed && parsed.addon === addon.version;
}
