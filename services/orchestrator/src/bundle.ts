import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowBundlePath } from './locate-workflow-bundle.js';

/** Bundles the workflow code after `tsc`, unless nothing that goes into it has changed. */
const require = createRequire(import.meta.url);
const workflowsPath = fileURLToPath(import.meta.resolve('@tributary/workflows'));

async function sourcesKey(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['protocol', 'planner', 'workflows']) {
    const folder = dirname(fileURLToPath(import.meta.resolve(`@tributary/${name}`)));
    const files = (await readdir(folder)).filter((file) => file.endsWith('.js')).sort();
    for (const file of files) hash.update(`${name}/${file}\n`).update(await readFile(join(folder, file)));
  }
  hash.update((require('@temporalio/worker/package.json') as { version: string }).version);
  return hash.digest('hex');
}

/** Readers see the old bundle or the new one, whole. */
async function write(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

const keyFile = `${workflowBundlePath}.key`;
const key = await sourcesKey();
const built = await Promise.all([readFile(keyFile, 'utf8'), readFile(workflowBundlePath)]).then(
  ([there]) => there === key,
  () => false,
);
if (!built) {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  await write(workflowBundlePath, code);
  await write(keyFile, key);
}
