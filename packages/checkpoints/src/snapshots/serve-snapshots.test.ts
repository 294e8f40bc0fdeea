import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { natsNames, type RunId, type SnapshotPart, type SnapshotRequest, type WorkerId } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { temporaryNamespace, testServers } from '@tributary/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodePart } from '../part.js';
import { fetchSnapshotPart } from './fetch-snapshot-part.js';
import { gatherInventories } from './gather-inventories.js';
import { requestCopy } from './request-copy.js';
import { type SnapshotService, serveSnapshots } from './serve-snapshots.js';
import { SnapshotFolder } from './snapshot-folder.js';
import { takeSnapshotPart } from './take-snapshot-part.js';

const run = 'words-abcdefgh' as RunId;
const logger = createLogger({ service: 'worker', level: 'fatal' });
const never = new AbortController().signal;
const names = natsNames(temporaryNamespace());
const [a, b, c] = ['a', 'b', 'c'] as WorkerId[] as [WorkerId, WorkerId, WorkerId];
let root: string;
/** The readers' own. */
let connection: NatsConnection;
const opened: NatsConnection[] = [];

async function open(): Promise<NatsConnection> {
  const { natsUrl, natsUser, natsPassword } = await testServers();
  return connect({ servers: natsUrl, user: natsUser, pass: natsPassword });
}

interface TestAgent {
  readonly folder: SnapshotFolder;
  readonly connection: NatsConnection;
  close(): void;
}

/** Serves a folder of its own over a connection of its own. */
async function agent(worker: WorkerId, options: Partial<SnapshotService> = {}): Promise<TestAgent> {
  const own = await open();
  opened.push(own);
  const folder = new SnapshotFolder(join(root, worker));
  const server = serveSnapshots({ connection: own, names, worker, folder, logger, ...options });
  await own.flush();
  return { folder, connection: own, close: () => server.close() };
}

/** A worker that hears requests and answers none. */
async function mute(worker: WorkerId, onRequest: () => void = () => undefined): Promise<void> {
  const own = await open();
  opened.push(own);
  own.subscribe(names.snapshots(worker), { callback: onRequest });
  await own.flush();
}

/** Eleven chunks and a piece; every float is another. */
function encoded(step: number, part: string): { part: SnapshotPart; bytes: Uint8Array } {
  const data = Float32Array.from({ length: 1_500_001 }, (_, index) => index + step);
  const { bytes, ...file } = encodePart({ tensors: { w: { shape: [data.length], data } }, metadata: {} });
  return { part: { run, generation: 1, step, part, ...file }, bytes };
}

const whole = encoded(25, 'lane-0');
const lane1: SnapshotPart = { ...whole.part, part: 'lane-1' };
const fetchFrom = (...holders: WorkerId[]) =>
  fetchSnapshotPart({ connection, names, part: whole.part, holders, signal: never, silenceMs: 500 });
const fileIn = (folder: SnapshotFolder): string => join(folder.root, run, '25-g1', 'lane-0.safetensors');

async function damage(folder: SnapshotFolder): Promise<void> {
  const bytes = await readFile(fileIn(folder));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  await writeFile(fileIn(folder), bytes);
}

beforeAll(async () => {
  connection = await open();
});
afterAll(() => connection.close());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-served-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  await rm(root, { recursive: true, force: true });
});

describe('a part fetched from a worker', () => {
  it('arrives whole, by a few reads at a time, each piece once', async () => {
    const { folder } = await agent(a);
    await folder.write(whole.part, whole.bytes);
    const sniffer = await open();
    opened.push(sniffer);
    const offsets: number[] = [];
    const inboxes = new Set<string>();
    let [underWay, most] = [0, 0];
    sniffer.subscribe('>', {
      callback: (_error, message) => {
        if (message.subject === names.snapshots(a)) {
          const request = message.json<SnapshotRequest>();
          if (request.kind !== 'read') return;
          offsets.push(request.offset);
          inboxes.add(message.reply as string);
          most = Math.max(most, ++underWay);
        } else if (inboxes.has(message.subject)) underWay--;
      },
    });
    await sniffer.flush();
    let pieces = 0;
    const bytes = await fetchSnapshotPart({
      connection,
      names,
      part: whole.part,
      holders: [a],
      signal: never,
      onProgress: () => pieces++,
    });
    expect(Buffer.compare(bytes, whole.bytes)).toBe(0);
    await connection.flush();
    await sniffer.flush();
    expect(offsets.sort((x, y) => x - y)).toEqual(Array.from({ length: 12 }, (_, index) => index * 512 * 1024));
    expect([pieces, most, underWay]).toEqual([12, 4, 0]);
  });

  it('comes from the next holder where one serves nothing, has lost it or is silent', async () => {
    await agent(a);
    await mute(b);
    const { folder } = await agent(c);
    await folder.write(whole.part, whole.bytes);
    const bytes = await fetchFrom('nobody' as WorkerId, a, b, c);
    expect(Buffer.compare(bytes, whole.bytes)).toBe(0);
  });

  it('comes from the next holder where one leaves in the middle', async () => {
    const leaving = await agent(a);
    const staying = await agent(b);
    for (const { folder } of [leaving, staying]) await folder.write(whole.part, whole.bytes);
    let pieces = 0;
    const bytes = await fetchSnapshotPart({
      connection,
      names,
      part: whole.part,
      holders: [a, b],
      signal: never,
      silenceMs: 500,
      onProgress: () => {
        if (++pieces === 2) void leaving.connection.close();
      },
    });
    expect(Buffer.compare(bytes, whole.bytes)).toBe(0);
    expect(pieces).toBeGreaterThanOrEqual(12 + 2);
  });

  it('is lost, in one sentence, where its only holder leaves in the middle', async () => {
    const leaving = await agent(a);
    await leaving.folder.write(whole.part, whole.bytes);
    const fetched = fetchSnapshotPart({
      connection,
      names,
      part: whole.part,
      holders: [a],
      signal: never,
      silenceMs: 500,
      onProgress: () => void leaving.connection.close(),
    });
    await expect(fetched).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    await expect(fetched).rejects.toThrow(/"lane-0" of the snapshot of run words-abcdefgh at step 25.*\(a: /);
  });

  it('comes from the next holder where a file is damaged, which its holder then drops', async () => {
    const damaged = await agent(a);
    const intact = await agent(b);
    for (const { folder } of [damaged, intact]) await folder.write(whole.part, whole.bytes);
    await damage(damaged.folder);
    expect(Buffer.compare(await fetchFrom(a, b), whole.bytes)).toBe(0);
    const inventories = await gatherInventories({ connection, names, run, workers: [a, b], timeoutMs: 2_000 });
    expect(inventories).toEqual([
      { worker: a, parts: [] },
      { worker: b, parts: [whole.part] },
    ]);
  });

  it('is lost where every holder is damaged, shorter or has another file, and each is named', async () => {
    const damaged = await agent(a);
    await damaged.folder.write(whole.part, whole.bytes);
    await damage(damaged.folder);
    const short = await agent(b);
    await short.folder.write(whole.part, whole.bytes);
    await writeFile(fileIn(short.folder), whole.bytes.subarray(0, 700_000));
    const other = await agent(c);
    const another = encoded(26, 'lane-0');
    await other.folder.write({ ...another.part, step: 25 }, another.bytes);
    await expect(fetchFrom(a, b, c)).rejects.toThrow(/a: .*differs; b: .*shorter than \d+ bytes; c: .*differs/);
    expect(await other.folder.list(run)).toHaveLength(1);
  });

  it('is lost where nobody holds it', async () => {
    await expect(fetchFrom()).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    await expect(fetchFrom('a.>' as WorkerId, '*' as WorkerId)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
  });

  it('is waited for no longer once that is given up', async () => {
    const giveUp = new AbortController();
    await mute(a, () => giveUp.abort(new Error('given up')));
    const fetched = fetchSnapshotPart({ connection, names, part: whole.part, holders: [a], signal: giveUp.signal });
    await expect(fetched).rejects.toThrow('given up');
  });

  it('is taken from the own folder first, and from a holder where that file is damaged', async () => {
    const holder = await agent(a);
    const own = new SnapshotFolder(join(root, 'own'));
    await own.write(whole.part, whole.bytes);
    const fetch = { connection, names, part: whole.part, holders: [a], signal: never };
    expect(Buffer.compare(await takeSnapshotPart(own, fetch), whole.bytes)).toBe(0);
    await damage(own);
    await expect(takeSnapshotPart(own, fetch)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    await holder.folder.write(whole.part, whole.bytes);
    expect(Buffer.compare(await takeSnapshotPart(own, fetch), whole.bytes)).toBe(0);
  });
});

describe('an agent that serves snapshots', () => {
  it('tells what it holds; the silent and the absent are left out', async () => {
    const { folder } = await agent(a);
    await folder.write(whole.part, whole.bytes);
    await agent(b);
    await mute(c);
    const workers = [a, b, c, 'nobody' as WorkerId];
    expect(await gatherInventories({ connection, names, run, workers, timeoutMs: 500 })).toEqual([
      { worker: a, parts: [whole.part] },
      { worker: b, parts: [] },
    ]);
  });

  it('answers nonsense with an error, and goes on', async () => {
    const { folder } = await agent(a);
    await folder.write(whole.part, whole.bytes);
    await writeFile(join(root, 'secret.safetensors'), 'secret');
    const { generation, step, part } = whole.part;
    const ref = { run, generation, step, part };
    const code = async (request: unknown): Promise<string | undefined> => {
      const text = typeof request === 'string' ? request : JSON.stringify(request);
      const answer = await connection.request(names.snapshots(a), text, { timeout: 5_000 });
      return answer.headers?.get('Tributary-Error');
    };
    const read = (change: object, place: object = {}) => ({
      kind: 'read',
      ref: { ...ref, ...change },
      offset: 0,
      length: 6,
      ...place,
    });
    for (const change of [
      { run: '..' },
      { part: '../../../secret' },
      { run: '../..', part: 'secret' },
      { step: '../25' },
    ])
      expect(await code(read(change)), JSON.stringify(change)).toBe('SNAPSHOT_LOST');
    for (const place of [{ offset: -1 }, { length: 1e9 }, { length: -1 }, { offset: 0.5 }, { length: 'x' }])
      expect(await code(read({}, place)), JSON.stringify(place)).toBe('TOO_LARGE');
    expect(await code({ kind: 'inventory', run: '..' })).toBe('SNAPSHOT_LOST');
    expect(await code({ kind: 'check', ref: { ...ref, run: '..' } })).toBe('SNAPSHOT_LOST');
    for (const request of ['', 'null', '{', '{"kind":"delete"}', '{"kind":"copy","parts":[null]}'])
      expect(await code(request), request).toBe('INTERNAL');
    expect(await readdir(root)).toEqual(['a', 'secret.safetensors']);
    expect(await code(read({}))).toBeFalsy();
  });

  it('serves no more once closed', async () => {
    const closed = await agent(a);
    closed.close();
    await closed.connection.flush();
    expect(await gatherInventories({ connection, names, run, workers: [a], timeoutMs: 2_000 })).toEqual([]);
  });
});

describe('a copy at a buddy', () => {
  const copy = (options: { silenceMs?: number; signal?: AbortSignal } = {}) =>
    requestCopy({ connection, names, buddy: b, from: a, parts: [whole.part, lane1], signal: never, ...options });

  it('is there once the request resolves, and is fetched once', async () => {
    const from = await agent(a);
    for (const part of [whole.part, lane1]) await from.folder.write(part, whole.bytes);
    const copied: string[] = [];
    const buddy = await agent(b, { onCopied: (parts) => copied.push(...parts.map(({ part }) => part)) });
    await copy();
    expect(await buddy.folder.list(run)).toEqual([whole.part, lane1]);
    expect(Buffer.compare(await buddy.folder.read(lane1), whole.bytes)).toBe(0);
    expect(copied).toEqual(['lane-0', 'lane-1']);
    await from.connection.close();
    await copy();
    expect(Buffer.compare(await fetchFrom(a, b), whole.bytes)).toBe(0);
  });

  it('is told to have failed where its source has no such file', async () => {
    const from = await agent(a);
    await from.folder.write(whole.part, whole.bytes);
    const buddy = await agent(b);
    await expect(copy()).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    // What there was is kept, for a next time.
    expect(await buddy.folder.list(run)).toEqual([whole.part]);
  });

  it('is refused where it is not wanted, and does not stay where that becomes so', async () => {
    const from = await agent(a);
    for (const part of [whole.part, lane1]) await from.folder.write(part, whole.bytes);
    let asked = 0;
    const buddy = await agent(b, { admits: () => ++asked === 1 });
    await expect(copy()).rejects.toMatchObject({ code: 'GENERATION_SUPERSEDED' });
    expect([asked, await buddy.folder.list(run)]).toEqual([2 + 1, []]);
  });

  it('is given up at once where the buddy does not serve', async () => {
    await expect(copy()).rejects.toMatchObject({ code: 'PEER_SILENT', message: expect.stringContaining('Worker b') });
  });

  it('is given up where the buddy falls silent', async () => {
    await mute(b);
    await expect(copy({ silenceMs: 200 })).rejects.toMatchObject({ code: 'PEER_SILENT' });
  });

  it('is waited for no longer once that is given up', async () => {
    const giveUp = new AbortController();
    await mute(b, () => giveUp.abort(new Error('given up')));
    await expect(copy({ signal: giveUp.signal })).rejects.toThrow('given up');
    await expect(copy({ signal: giveUp.signal })).rejects.toThrow('given up');
  });
});
