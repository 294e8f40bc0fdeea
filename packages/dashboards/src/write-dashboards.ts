/** `node packages/dashboards/dist/write-dashboards.js`: writes `dashboards/*.json`. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { dashboardFiles } from './all-boards.js';

const folder = resolve(import.meta.dirname, '../../../dashboards');
const files = dashboardFiles();
await mkdir(folder, { recursive: true });
for (const name of await readdir(folder)) if (name.endsWith('.json') && !files.has(name)) await rm(join(folder, name));
for (const [name, text] of files) await writeFile(join(folder, name), text);
