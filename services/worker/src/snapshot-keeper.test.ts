import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { encodePart, SnapshotFolder } from '@tributary/checkpoints';
import {
  type GenerationDocument,
  natsNames,
  type ResumePoint,
  type RunId,
  type SnapshotPart,
  type WorkerId,
} from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { temporaryNamespace, testServers } from '@tributary/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { SnapshotKeeper } from './snapshot-keeper.js';

const run = 'words-abcdefgh' as RunId;
const logger = createLogger({ service: 'worker', level: 'fatal' });
const names = natsNames(temporaryNamespace());
const [a, b] = ['a', 'b'] as WorkerId[] as [WorkerId, WorkerId];
const { bytes, ...file } = encodePart({
  tensors: { w: { shape: [4], data: new Float32Array([1, 2, 3, 4]) } },
  metadata: {},
});
let root: string;
let connection: NatsConnection;
let kept: KV;
const keepers: SnapshotKeeper[] = [];

interface HeldAt {
  readonly keeper: SnapshotKeeper;
  readonly folder: SnapshotFolder;
}

async function keeperOf(worker: WorkerId): Promise<HeldAt> {
  const folder = new SnapshotFolder(join(root, worker));
  const keeper = new SnapshotKeeper({ worker, folder, connection, names, logger });
  keepers.push(keeper);
  await connection.flush();
  return { keeper, folder };
}

function document(generation: number, change: Partial<GenerationDocument> = {}): GenerationDocument {
  return {
    run,
    attempt: 1,
    generation,
    decisionId: `${generation}`,
    state: 'open',
    preparedKey: 'prepared/x.json',
    members: [
      { member: 0, worker: a, lanes: [0], buddy: b },
      { member: 1, worker: b, lanes: [1], buddy: a },
    ] as unknown as GenerationDocument['members'],
    resume: { step: 0, checkpointKey: null },
    stop: null,
    ...change,
  };
}

function startOf(step: number, generation: number): ResumePoint {
  return { step, checkpointKey: null, snapshot: { generation, parts: [] } };
}

/** Writes parts as a trainer does. */
async function write(folder: SnapshotFolder, generation: number, step: number, of = run): Promise<SnapshotPart[]> {
  const parts = ['shared', 'task-spell', 'lane-0'].map((part) => ({ run: of, generation, step, part, ...file }));
  for (const part of parts) await folder.write(part, bytes);
  return parts;
}

const setsOf = async (folder: SnapshotFolder) =>
  (await folder.sets(run)).map(({ generation, step }) => `${step}-g${generation}`);
const partsOf = async (folder: SnapshotFolder) => (await folder.list(run)).map(({ step, part }) => `${step} ${part}`);

beforeAll(async () => {
  const { natsUrl, natsUser, natsPassword } = await testServers();
  connection = await connect({ servers: natsUrl, user: natsUser, pass: natsPassword });
  kept = await new Kvm(connection).create(names.generationsBucket);
});
afterAll(async () => {
  await kept.destroy();
  await connection.close();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-keeper-'));
});
afterEach(async () => {
  await Promise.all(keepers.splice(0).map((keeper) => keeper.close()));
  await connection.flush();
  await rm(root, { recursive: true, force: true });
});

it('brings to the buddy what only this member has', async () => {
  const [mine, buddys] = [await keeperOf(a), await keeperOf(b)];
  for (const { keeper } of [mine, buddys]) await keeper.obey(document(1));
  await mine.keeper.written(await write(mine.folder, 1, 25));
  expect(await partsOf(buddys.folder)).toEqual(['25 lane-0', '25 task-spell']);
});

it('goes on where there is no buddy, or none that serves', async () => {
  const { keeper, folder } = await keeperOf(a);
  await keeper.obey(document(1));
  await keeper.written(await write(folder, 1, 25));
  await keeper.obey(document(2, { members: [{ member: 0, worker: a, lanes: [0], buddy: null }] as never }));
  await keeper.written(await write(folder, 2, 50));
  await keeper.written([]);
  expect(await setsOf(folder)).toEqual(['50-g2']);
});

it('gives a copy up once another generation has begun, or the agent leaves', async () => {
  const asked: (() => void)[] = [];
  const mute = connection.subscribe(names.snapshots(b), { callback: () => asked.shift()?.() });
  const { keeper, folder } = await keeperOf(a);
  await keeper.obey(document(1));
  asked.push(() => void keeper.obey(document(2, { resume: startOf(25, 1) })));
  await keeper.written(await write(folder, 1, 25));
  asked.push(() => void keeper.close());
  await keeper.written(await write(folder, 2, 50));
  expect(asked).toEqual([]);
  mute.unsubscribe();
});

it('keeps the newest three sets, and the one that the generation began with', async () => {
  const [mine, buddys] = [await keeperOf(a), await keeperOf(b)];
  const both = [mine, buddys];
  for (const { keeper } of both) await keeper.obey(document(1));
  for (const step of [25, 50, 75, 100]) await mine.keeper.written(await write(mine.folder, 1, step));
  // Whoever ends here has run what was queued before.
  for (const { keeper } of both) await keeper.obey(document(1));
  for (const { folder } of both) expect(await setsOf(folder)).toEqual(['50-g1', '75-g1', '100-g1']);
  for (const { keeper } of both) await keeper.obey(document(2, { resume: startOf(75, 1) }));
  for (const { folder } of both) expect(await setsOf(folder)).toEqual(['50-g1', '75-g1']);
  for (const step of [75, 100, 125, 150]) await mine.keeper.written(await write(mine.folder, 2, step));
  for (const { keeper } of both) await keeper.obey(document(2));
  for (const { folder } of both) expect(await setsOf(folder)).toEqual(['75-g1', '100-g2', '125-g2', '150-g2']);
});

it('holds on to the last whole snapshot while one generation after another fails', async () => {
  const { keeper, folder } = await keeperOf(a);
  await keeper.obey(document(1));
  await keeper.written(await write(folder, 1, 50));
  for (let generation = 2; generation < 8; generation++) {
    await keeper.obey(document(generation, { resume: startOf(50, 1) }));
    await keeper.written(await write(folder, generation, 50));
  }
  await keeper.obey(document(7));
  expect(await setsOf(folder)).toContain('50-g1');
  expect((await setsOf(folder)).length).toBeLessThanOrEqual(4);
});

it('drops a run that is closed, or that a newer attempt has taken up, and takes no late copies', async () => {
  const [mine, buddys] = [await keeperOf(a), await keeperOf(b)];
  for (const { keeper } of [mine, buddys]) await keeper.obey(document(1));
  const parts = await write(mine.folder, 1, 25);
  await buddys.keeper.obey(document(1, { state: 'closed' }));
  await mine.keeper.written(parts);
  expect(await buddys.folder.runs()).toEqual([]);
  await mine.keeper.obey(document(1, { state: 'closed' }));
  expect(await mine.folder.runs()).toEqual([]);
  await mine.keeper.obey(document(2, { attempt: 2 }));
  await write(mine.folder, 2, 25);
  // A document that comes late changes nothing.
  await mine.keeper.obey(document(1, { state: 'closed' }));
  expect(await setsOf(mine.folder)).toEqual(['25-g2']);
  await mine.keeper.obey(document(3, { attempt: 3 }));
  expect(await mine.folder.runs()).toEqual([]);
});

it('refuses copies of a step that a newer generation has fenced off', async () => {
  const [mine, buddys] = [await keeperOf(a), await keeperOf(b)];
  await mine.keeper.obey(document(1));
  await buddys.keeper.obey(document(2, { resume: startOf(25, 1) }));
  await mine.keeper.written(await write(mine.folder, 1, 50));
  expect(await partsOf(buddys.folder)).toEqual([]);
  await mine.keeper.written(await write(mine.folder, 1, 25));
  expect(await partsOf(buddys.folder)).toEqual(['25 lane-0', '25 task-spell']);
});

it('drops at its start what an agent before it left of runs that are over or unknown', async () => {
  const before = await keeperOf(a);
  const closed = 'words-closedxx' as RunId;
  for (const each of [run, closed, 'words-unknownx' as RunId]) await write(before.folder, 1, 25, each);
  await kept.put(run, JSON.stringify(document(1)));
  await kept.put(closed, JSON.stringify(document(1, { run: closed, state: 'closed' })));
  const { keeper, folder } = await keeperOf(a);
  await keeper.sweep(kept);
  expect(await folder.runs()).toEqual([run]);
  expect(await partsOf(folder)).toHaveLength(3);
});
