import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

it('the example of the README runs and prints what the README says', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, example, printed] = /```js\n(.*?)```\n\n```text\n(.*?)```/s.exec(readme) ?? [];
  // Within the package, so that the import of its own name resolves as it does for whoever installs it.
  const directory = await mkdtemp(join(root, 'dist', 'readme-'));
  try {
    await writeFile(join(directory, 'example.mjs'), example as string);
    const { stdout } = await promisify(execFile)(process.execPath, [join(directory, 'example.mjs')]);
    expect(stdout).toBe(printed);
  } finally {
    await rm(directory, { recursive: true });
  }
}, 30_000);
