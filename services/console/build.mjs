/** Bundles the console into the API's folder, unless nothing that goes into it has changed. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = import.meta.dirname;
const out = resolve(root, '../api/dist/console');
const keyFile = `${out}.key`;

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((file) => !/\.(test\.ts|map|tsbuildinfo)$/.test(file)).sort();
}

async function sourcesKey() {
  const hash = createHash('sha256');
  const packages = ['protocol', 'presentation', 'planner'].map((name) => resolve(root, '../../packages', name, 'dist'));
  const folders = await Promise.all([join(root, 'src'), ...packages].map(filesIn));
  const files = ['index.html', 'package.json', 'vite.config.ts', 'build.mjs'].map((name) => join(root, name));
  // The lock file names the versions of Vite and of what is bundled.
  const inputs = [...files, resolve(root, '../../package-lock.json'), resolve(root, '../../examples/words.yaml')];
  for (const file of [...inputs, ...folders.flat()])
    hash.update(`${file.slice(root.length)}\n`).update(await readFile(file));
  return hash.digest('hex');
}

const key = await sourcesKey();
const built = await Promise.all([readFile(keyFile, 'utf8'), readFile(join(out, 'index.html'))]).then(
  ([there]) => there === key,
  () => false,
);
if (!built) {
  await rm(keyFile, { force: true });
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: process.argv.includes('--verbose') ? 'info' : 'warn',
  });
  await writeFile(`${keyFile}.new`, key);
  await rename(`${keyFile}.new`, keyFile);
}
