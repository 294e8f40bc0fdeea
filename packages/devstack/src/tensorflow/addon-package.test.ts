import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryRoot } from '../setup/folders.js';
import { type AddonPackage, findAddonPackage, isLinked, linkAddon } from './addon-package.js';
import { loadedTensorflowVersion } from './build-addon.js';
import { installTensorflow, tensorflowCacheEntry } from './install-tensorflow.js';
import { tensorflowVersion } from './variant.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-addon-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('links the built addon again after npm ci has put a fresh package in place', async () => {
  const entry = join(root, 'cache');
  const other = join(root, 'other');
  const addon: AddonPackage = { folder: join(root, 'package'), version: '1', nodePreGyp: '' };
  for (const folder of [entry, other]) {
    await mkdir(join(folder, 'lib'), { recursive: true });
    await mkdir(join(folder, 'deps'));
    await writeFile(join(folder, 'lib', 'which'), folder);
  }
  await mkdir(join(addon.folder, 'lib'), { recursive: true });
  await writeFile(join(addon.folder, 'lib', 'which'), 'the package itself');
  expect(isLinked(addon, entry)).toBe(false);
  await linkAddon(addon, entry);
  expect(isLinked(addon, entry)).toBe(true);
  expect(await readFile(join(addon.folder, 'lib', 'which'), 'utf8')).toBe(entry);
  await linkAddon(addon, other);
  expect([isLinked(addon, entry), isLinked(addon, other)]).toEqual([false, true]);
});

it('has TensorFlow ready without work once it is built, at the pinned version', async () => {
  const lines: string[] = [];
  const result = await installTensorflow({
    report: (line) => lines.push(line),
    env: { ...process.env, TRIBUTARY_TENSORFLOW: 'cpu' },
  });
  expect(result).toMatchObject({ ok: true, variant: 'cpu', folder: tensorflowCacheEntry('cpu') });
  const addon = findAddonPackage(repositoryRoot());
  expect(await loadedTensorflowVersion(addon, addon.folder)).toBe(tensorflowVersion);
  expect(createRequire(join(addon.folder, 'package.json')).resolve(addon.nodePreGyp)).toBeTruthy();
});

it('reports why TensorFlow cannot be used instead of failing', async () => {
  const off = await installTensorflow({ report: () => undefined, env: { TRIBUTARY_TENSORFLOW: 'off' } });
  expect(off).toEqual({ ok: false, reason: 'TRIBUTARY_TENSORFLOW=off.' });
  const nowhere = await installTensorflow({
    report: () => undefined,
    root: join(root, 'nowhere'),
    env: { TRIBUTARY_TENSORFLOW: 'cpu' },
  });
  expect(nowhere).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/tfjs-node-gpu is not in .*run npm ci there/),
  });
});
