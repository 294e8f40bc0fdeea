import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeWholeFile } from '../setup/whole-file.js';
import { makeStackFolders, stackFoldersIn } from '../stack/stack-folders.js';
import { doctor } from './doctor.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-doctor-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('finds this machine fit: the tests themselves need what it checks', async () => {
  const checks = await doctor(stackFoldersIn(root));
  expect(checks.map(({ name }) => name)).toEqual([
    'platform',
    'Node',
    'npm',
    'Python 3',
    'pip',
    'C++ compiler',
    'make',
    'Go',
    'disk space',
    'TensorFlow addon',
    'backend tensorflow',
    'backend webgpu',
    'backend wasm',
    'backend cpu',
    'backend auto',
    'nats-server',
    'temporal-server',
    'prometheus',
    'postgres',
    'ports',
    'processes',
  ]);
  for (const check of checks) expect(check.ok).toBe(check.remedy === undefined);
  for (const name of ['Node', 'npm', 'nats-server', 'postgres', 'processes']) {
    expect(checks.find((check) => check.name === name)).toMatchObject({ ok: true });
  }
});

it('says what mends an empty machine', async () => {
  const env = { PATH: '/nonexistent', HOME: root, XDG_CACHE_HOME: join(root, 'cache'), CXX: '/nonexistent/c++' };
  const checks = await doctor(stackFoldersIn(root), env);
  const failing = new Map(checks.filter(({ ok }) => !ok).map(({ name, remedy }) => [name, remedy]));
  expect(failing.get('Go')).toMatch(/install Go 1\.26\.8 or later/);
  expect(failing.get('C++ compiler')).toMatch(/build-essential/);
  expect(failing.get('nats-server')).toMatch(/make setup .*TRIBUTARY_NATS_SERVER/);
});

it('finds a process that ended without down', async () => {
  const folders = stackFoldersIn(root);
  await makeStackFolders(folders);
  const record = { name: 'nats', address: '', pid: 1, started: 'never', logFile: 'none', command: [] };
  await writeWholeFile(join(folders.processes, 'nats.json'), JSON.stringify(record));
  const check = (await doctor(folders)).find(({ name }) => name === 'processes');
  expect(check).toMatchObject({ ok: false, detail: 'ended without tributary down: nats' });
  expect(check?.remedy).toMatch(/tributary up/);
});
