import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunId, SnapshotPart, SnapshotRef } from '@tributary/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePart } from '../part.js';
import { SnapshotFolder } from './snapshot-folder.js';
import { hasRoom } from './snapshot-root.js';

const run = 'words-abcdefgh' as RunId;
let root: string;
let folder: SnapshotFolder;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-snapshots-'));
  folder = new SnapshotFolder(join(root, 'worker'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function encoded(
  generation: number,
  step: number,
  part: string,
  value = step,
): { part: SnapshotPart; bytes: Uint8Array } {
  const tensors = { 'parameters/w': { shape: [2, 3], data: new Float32Array(6).fill(value) } };
  const { bytes, ...file } = encodePart({ tensors, metadata: { records: '[]' } });
  return { part: { run, generation, step, part, ...file }, bytes };
}

async function keep(generation: number, step: number, part: string): Promise<SnapshotPart> {
  const whole = encoded(generation, step, part);
  await folder.write(whole.part, whole.bytes);
  return whole.part;
}

const fileOf = ({ generation, step, part }: SnapshotRef): string =>
  join(folder.root, run, `${step}-g${generation}`, `${part}.safetensors`);
const sets = async () => (await folder.sets(run)).map(({ generation, step }) => `${step}-g${generation}`);

describe('a snapshot folder', () => {
  it('gives back what was written, and lists it', async () => {
    expect([await folder.list(run), await folder.runs()]).toEqual([[], []]);
    const whole = encoded(1, 25, 'task-spell');
    await folder.write(whole.part, whole.bytes);
    const others = [await keep(1, 25, 'shared'), await keep(1, 100, 'lane-0'), await keep(2, 50, 'lane-0')];
    expect(await folder.read(whole.part)).toEqual(whole.bytes);
    expect(await folder.list(run)).toEqual([others[0], whole.part, others[1], others[2]]);
    expect(await folder.runs()).toEqual([run]);
    expect(await readFile(fileOf(whole.part))).toEqual(Buffer.from(whole.bytes));
  });

  it('is the same for another process, and for a later one', async () => {
    const part = await keep(1, 25, 'shared');
    expect(await new SnapshotFolder(folder.root).list(run)).toEqual([part]);
  });

  it('keeps the first of equal files and takes another in the place of one that differs', async () => {
    const part = await keep(1, 25, 'shared');
    const before = await stat(fileOf(part));
    await keep(1, 25, 'shared');
    expect((await stat(fileOf(part))).ino).toBe(before.ino);
    const other = encoded(1, 25, 'shared', 7);
    await folder.write(other.part, other.bytes);
    expect(await folder.list(run)).toEqual([other.part]);
    expect(await folder.read(part)).toEqual(other.bytes);
  });

  it('says of a missing part that it is lost', async () => {
    const { part } = encoded(1, 25, 'shared');
    await expect(folder.read(part)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    await expect(folder.readRange(part, 0, 10)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
  });

  it('reads a range, and less where the file ends', async () => {
    const { part, bytes } = encoded(1, 25, 'shared');
    await folder.write(part, bytes);
    expect(await folder.readRange(part, 3, 10)).toEqual(bytes.slice(3, 13));
    expect(await folder.readRange(part, bytes.length - 4, 10)).toEqual(bytes.slice(-4));
    expect(await folder.readRange(part, bytes.length + 5, 10)).toEqual(new Uint8Array(0));
  });

  it('drops a damaged file when it is read, and says so', async () => {
    const part = await keep(1, 25, 'shared');
    const damaged = await readFile(fileOf(part));
    damaged[damaged.length - 3] = (damaged[damaged.length - 3] as number) ^ 0x10;
    await writeFile(fileOf(part), damaged);
    expect(await folder.list(run)).toHaveLength(1);
    await expect(folder.read(part)).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    expect(await folder.list(run)).toEqual([]);
    await expect(folder.read(part)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
  });

  it('does not list a truncated file, nor one without a description', async () => {
    const part = await keep(1, 25, 'shared');
    await truncate(fileOf(part), part.sizeBytes - 1);
    const undescribed = await keep(1, 25, 'lane-0');
    await rm(fileOf(undescribed).replace(/safetensors$/, 'json'));
    const nonsense = await keep(1, 25, 'lane-1');
    await writeFile(fileOf(nonsense).replace(/safetensors$/, 'json'), '{"sizeBytes":');
    expect(await folder.list(run)).toEqual([]);
  });

  it('never leaves its root, whatever a name says', async () => {
    const { part, bytes } = encoded(1, 25, 'shared');
    const names: Partial<Record<keyof SnapshotPart, unknown>>[] = [
      { run: '..' },
      { run: '../x' },
      { run: '/etc' },
      { run: '.incoming' },
      { part: '../shared' },
      { part: 'task-../../x' },
      { part: 'lane-0/../../x' },
      { part: 'lane-' },
      { part: 'other' },
      { part: 'shared\0' },
      { step: '../25' },
      { step: -1 },
      { step: 1.5 },
      { generation: Number.NaN },
      { generation: null },
    ];
    for (const name of names) {
      const wrong = { ...part, ...name } as SnapshotPart;
      const lost = { code: 'SNAPSHOT_LOST' };
      await expect(folder.write(wrong, bytes), JSON.stringify(name)).rejects.toMatchObject(lost);
      await expect(folder.read(wrong)).rejects.toMatchObject(lost);
      await expect(folder.readRange(wrong, 0, 1)).rejects.toMatchObject(lost);
      await expect(folder.forget(wrong)).rejects.toMatchObject(lost);
    }
    for (const wrong of ['..', '../worker', '', '.']) {
      await expect(folder.drop(wrong as RunId)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
      await expect(folder.list(wrong as RunId)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
      await expect(folder.keepNewest(wrong as RunId, 1)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    }
    expect(await readdir(root)).toEqual([]);
  });

  it('takes a task of the longest name', async () => {
    const part = await keep(1, 25, `task-${'t'.repeat(64)}`);
    expect(await folder.list(run)).toEqual([part]);
  });

  it('refuses bytes of another size than it is told', async () => {
    const { part, bytes } = encoded(1, 25, 'shared');
    await expect(folder.write(part, bytes.subarray(1))).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    expect(await folder.list(run)).toEqual([]);
  });
});

describe('what a snapshot folder drops', () => {
  it('is all but the newest sets, by generation and then step, and one that is still wanted', async () => {
    for (const [generation, step] of [
      [1, 25],
      [1, 50],
      [1, 100],
      [2, 50],
      [2, 75],
    ] as const)
      await keep(generation, step, 'shared');
    expect(await sets()).toEqual(['25-g1', '50-g1', '100-g1', '50-g2', '75-g2']);
    await folder.keepNewest(run, 2, { generation: 1, step: 50 });
    expect(await sets()).toEqual(['50-g1', '50-g2', '75-g2']);
    await folder.keepNewest(run, 5);
    expect(await sets()).toHaveLength(3);
    await folder.keepNewest(run, 0);
    expect(await sets()).toEqual([]);
  });

  it('is what older generations did beyond the step where a newer one began', async () => {
    for (const [generation, step] of [
      [1, 50],
      [2, 50],
      [2, 75],
      [3, 100],
    ] as const)
      await keep(generation, step, 'shared');
    await folder.dropBeyond(run, 3, 50);
    expect(await sets()).toEqual(['50-g1', '50-g2', '100-g3']);
  });

  it('is a whole run, and no other', async () => {
    await keep(1, 25, 'shared');
    const other = { ...encoded(1, 25, 'shared').part, run: 'words-zzzzzzzz' as RunId };
    await folder.write(other, encoded(1, 25, 'shared').bytes);
    await folder.drop(run);
    await folder.drop(run);
    expect(await folder.runs()).toEqual([other.run]);
  });

  it('is what a killed process left half written, not what a living one writes', async () => {
    await keep(1, 25, 'shared');
    const writer = `
      import { SnapshotFolder } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      const folder = new SnapshotFolder(${JSON.stringify(folder.root)});
      const bytes = new Uint8Array(64 << 20);
      for (let step = 100; ; step++) {
        const part = { run: ${JSON.stringify(run)}, generation: 1, step, part: 'shared', sizeBytes: bytes.length, sha256: '0'.repeat(64), stateHash: '' };
        const written = folder.write(part, bytes);
        process.stdout.write('writing\\n');
        await written;
        await folder.drop(part.run);
      }`;
    const incoming = join(folder.root, '.incoming');
    const child = spawn(process.execPath, ['--input-type=module', '--eval', writer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const ofChild = async () => (await readdir(incoming)).filter((name) => name.startsWith(`${child.pid}-`));
    // Killed while a file lies aside.
    while ((await ofChild()).length === 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const own = join(incoming, `${process.pid}-0123`);
    await mkdir(incoming, { recursive: true });
    await writeFile(own, 'half');
    expect(await ofChild()).toHaveLength(1);
    await folder.keepNewest(run, 3);
    expect(await readdir(incoming)).toEqual([`${process.pid}-0123`]);
    for (const { part, step } of await folder.list(run)) expect([part, step]).toEqual(['shared', step]);
  });

  it('is refilled by whoever writes at the same time, never torn', async () => {
    const writing = async (): Promise<void> => {
      for (let step = 1; step <= 40; step++) await keep(1, step, 'shared');
    };
    let done = false;
    const written = writing().finally(() => (done = true));
    written.catch(() => undefined);
    while (!done) await folder.drop(run);
    await written;
    for (const part of await folder.list(run)) await folder.read(part);
    const last = await keep(1, 41, 'shared');
    expect(await folder.read(last)).toHaveLength(last.sizeBytes);
  });
});

describe('where a worker keeps snapshots', () => {
  it('is the folder that the environment names, apart for each namespace and worker', () => {
    const env = { TRIBUTARY_SNAPSHOT_DIR: '/somewhere' };
    expect(SnapshotFolder.defaultRoot('main', 'w-1', env)).toBe('/somewhere/main/w-1');
  });

  it('is else the same for each process of a worker, and another for another installation or worker', () => {
    const root = (namespace: string, worker: string, url: string) =>
      SnapshotFolder.defaultRoot(namespace, worker, { TRIBUTARY_NATS_URL: url });
    expect(root('main', 'w-1', 'nats://a')).toBe(root('main', 'w-1', 'nats://a'));
    const roots = [root('main', 'w-1', 'nats://a'), root('main', 'w-2', 'nats://a'), root('b', 'w-1', 'nats://a')];
    expect(new Set([...roots, root('main', 'w-1', 'nats://b')]).size).toBe(4);
  });

  it('is in memory only with 256 MiB and a quarter free', () => {
    const mebibyte = 1024 * 1024;
    const room = (blocks: number, bavail: number) => hasRoom({ bsize: mebibyte, blocks, bavail });
    expect([room(1024, 256), room(1024, 255), room(500, 255), room(4096, 1024), room(4096, 1023)]).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});
