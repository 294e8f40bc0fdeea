import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JetStreamManager, jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { encodePart, natsStore } from '@tributary/checkpoints';
import { runFileSchema } from '@tributary/config';
import {
  type CheckpointPart,
  checkpointKey,
  checkpointPartKey,
  encodeRunRecord,
  natsNames,
  type ObjectStore,
  type RunId,
  type RunRecord,
} from '@tributary/protocol';
import {
  createRun,
  divergencesOf,
  history,
  listCheckpoints,
  membersEnded,
  openDatabase,
  type RunDatabase,
  requireRun,
  seriesSummaries,
} from '@tributary/run-store';
import { type TemporaryDatabase, temporaryDatabase, temporaryNamespace, testServers } from '@tributary/testing';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { purgeRecorded } from './records-consumer.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const spec = runFileSchema.parse({
  experiment: 'recorder',
  tasks: [{ name: 'spell', data: { source: 'words', kind: 'spell' } }],
  checkpoints: { every: 10, keep: 2 },
  budget: { steps: 100 },
});

const namespace = temporaryNamespace();
const names = natsNames(namespace);
let folder: string;
let database: TemporaryDatabase;
let db: RunDatabase;
let connection: NatsConnection;
let manager: JetStreamManager;
let objects: ObjectStore;
let environment: NodeJS.ProcessEnv;
let run: RunId;
let serial = 0;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  const servers = await testServers();
  database = await temporaryDatabase();
  db = openDatabase(database.url);
  connection = await connect({ servers: servers.natsUrl, user: servers.natsUser, pass: servers.natsPassword });
  manager = await jetstreamManager(connection);
  folder = await mkdtemp(join(tmpdir(), 'tributary-recorder-'));
  await writeFile(join(folder, 'password'), servers.natsPassword, { mode: 0o600 });
  await manager.streams.add({ name: names.recordsStream, subjects: [names.records('*')] });
  await manager.streams.add({
    name: names.eventsStream,
    subjects: [names.events('*')],
    retention: RetentionPolicy.Limits,
  });
  await new Objm(jetstream(connection)).create(names.objectsBucket);
  objects = await natsStore(connection, names.objectsBucket);
  environment = {
    PATH: process.env.PATH,
    TRIBUTARY_NAMESPACE: namespace,
    TRIBUTARY_NATS_URL: servers.natsUrl,
    TRIBUTARY_NATS_USER: servers.natsUser,
    TRIBUTARY_NATS_PASSWORD_FILE: join(folder, 'password'),
    TRIBUTARY_POSTGRES_URL: database.url,
    TRIBUTARY_TARGETS_DIR: join(folder, 'targets'),
    TRIBUTARY_RECORDER_BATCH_MESSAGES: '20',
    TRIBUTARY_RECORDER_BATCH_WAIT_MS: '50',
  };
});
afterAll(async () => {
  await manager.streams.delete(names.recordsStream);
  await manager.streams.delete(names.eventsStream);
  await manager.streams.delete(`OBJ_${names.objectsBucket}`);
  await connection.close();
  await db.destroy();
  await database.drop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  serial += 1;
  run = `recorder-${serial}` as RunId;
  await createRun(db, { run, experiment: 'recorder', spec, files: {} });
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all([...children].map((child) => ended(child)));
});

interface RunningRecorder {
  readonly child: ChildProcess;
  readonly log: string[];
  readonly errors: string[];
}

/**
 * Starts a recorder that is killed where `faults` says.
 * @param ackWaitMs after which what it had in hand comes again
 */
function startRecorder(faults = '', ackWaitMs = 1_000): RunningRecorder {
  const child = spawn(process.execPath, [main], {
    env: { ...environment, TRIBUTARY_RECORDER_FAULTS: faults, TRIBUTARY_RECORDER_ACK_WAIT_MS: String(ackWaitMs) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const log: string[] = [];
  const errors: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => log.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  return { child, log, errors };
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

const killed = { code: null, signal: 'SIGKILL' };
const base = () => ({ run, attempt: 1, generation: 1, member: 0 });
const publish = async (record: RunRecord) =>
  await jetstream(connection).publish(names.records(record.run), encodeRunRecord(record));
const lossAt = (step: number) => 1 / step;
const matrixAt = (step: number) => ({ group: 'all', step, tasks: [0], gram: [1 / step], coefficients: [1] });

/** Publishes steps 1 to `last`, two messages a step, and the record that ends the member. */
async function publishSteps(last: number, first = 1): Promise<void> {
  for (let step = first; step <= last; step += 1) {
    await publish({ ...base(), kind: 'matrices', matrices: [matrixAt(step)] });
    await publish({
      ...base(),
      kind: 'points',
      points: [
        { subject: 'task:spell', series: 'train.loss', step, value: lossAt(step) },
        { subject: 'run', series: 'grad_norm', step, value: step },
      ],
      timings: [{ subject: 'run', series: 'step_seconds', step, value: 0.5, generation: 1 }],
      tokens: 10,
    });
  }
}
const publishEnd = async (step: number) => await publish({ ...base(), kind: 'member-end', step, outcome: 'finished' });

const waiting = { timeout: 40_000, interval: 50 };
/** Everything published is written and acknowledged. */
async function recorded(): Promise<void> {
  await expect
    .poll(async () => {
      const { num_pending, num_ack_pending } = await manager.consumers.info(names.recordsStream, 'recorder');
      return [num_pending, num_ack_pending];
    }, waiting)
    .toEqual([0, 0]);
}

async function expectEachStepOnce(last: number): Promise<void> {
  const steps = Array.from({ length: last }, (_, index) => index + 1);
  expect(await history(db, run, 'task:spell', 'train.loss')).toEqual(
    steps.map((step) => ({ step, value: lossAt(step) })),
  );
  expect(await history(db, run, 'run', 'grad_norm')).toEqual(steps.map((step) => ({ step, value: step })));
  // Counted in the tables themselves, beside any key.
  const { rows } = await sql<{ rows: number; keys: number }>`
    select count(*) as rows, count(distinct (subject, series, step)) as keys
    from points join series on series.id = points.series_id where run = ${run}`.execute(db);
  expect(rows).toEqual([{ rows: 2 * last, keys: 2 * last }]);
  const matrices = await db
    .selectFrom('gramMatrices')
    .innerJoin('matrixGroups', 'matrixGroups.id', 'groupId')
    .select(['name as group', 'step', 'gram', 'coefficients'])
    .where('run', '=', run)
    .orderBy('step')
    .execute();
  expect(matrices).toEqual(steps.map(matrixAt).map(({ tasks: _, ...matrix }) => matrix));
  expect(await seriesSummaries(db, run)).toMatchObject([
    { series: 'grad_norm', count: last, last, min: 1, max: last },
    { series: 'step_seconds', count: last },
    { series: 'train.loss', count: last, last: lossAt(last), min: lossAt(last), max: 1 },
  ]);
}

async function metric(name: string): Promise<string[]> {
  const file = JSON.parse(await readFile(join(folder, 'targets', 'recorder-1.json'), 'utf8')) as {
    targets: string[];
  }[];
  const response = await fetch(`http://${file[0]?.targets[0]}/metrics`);
  return (await response.text()).split('\n').filter((line) => line.startsWith(name));
}

describe('the recorder', () => {
  it('records each step exactly once though it is killed twice in the middle of a batch', async () => {
    await publishSteps(100);
    // Killed with rows copied but not committed: the batch is lost, and delivered again.
    const first = startRecorder('batch-copied:2');
    expect(await ended(first.child), first.errors.join('')).toEqual(killed);
    const afterFirst = (await history(db, run, 'run', 'grad_norm')).length;
    expect(afterFirst).toBeGreaterThan(0);
    expect(afterFirst).toBeLessThan(100);
    // Killed with the batch committed but not acknowledged: it is delivered again as a duplicate.
    const second = startRecorder('batch-committed:2');
    expect(await ended(second.child), second.errors.join('')).toEqual(killed);
    const afterSecond = (await history(db, run, 'run', 'grad_norm')).length;
    expect(afterSecond).toBeGreaterThan(afterFirst);
    expect(afterSecond).toBeLessThan(100);

    const third = startRecorder();
    await publishSteps(150, 101);
    await publishEnd(150);
    await recorded();
    await expectEachStepOnce(150);
    expect(await membersEnded(db, run, 1)).toMatchObject([{ step: 150, outcome: 'finished' }]);
    expect((await requireRun(db, run)).step).toBe(150);
    expect(await divergencesOf(db, run)).toEqual([]);
    // The second kill did leave committed rows that came again.
    const [duplicates] = await metric('tributary_ingest_points_total{outcome="duplicate"}');
    expect(Number(duplicates?.split(' ')[1])).toBeGreaterThan(0);

    third.child.kill('SIGTERM');
    expect(await ended(third.child), third.errors.join('')).toEqual({ code: 0, signal: null });
    expect(await readdir(join(folder, 'targets'))).toEqual([]);
  });

  it('removes from the stream only what is recorded', async () => {
    const { child } = startRecorder();
    await publishSteps(5);
    await recorded();
    child.kill('SIGTERM');
    await ended(child);
    await publishSteps(7, 6);
    expect(await purgeRecorded(connection, names.recordsStream)).toBeGreaterThanOrEqual(5);
    expect((await manager.streams.info(names.recordsStream)).state.messages).toBe(4);
    startRecorder();
    await recorded();
    await expectEachStepOnce(7);
    expect(await purgeRecorded(connection, names.recordsStream)).toBe(4);
  });

  it('sets aside what is no record, and goes on', async () => {
    const { child, log } = startRecorder();
    const stream = jetstream(connection);
    await stream.publish(names.records(run), 'no JSON at all');
    await stream.publish(names.records(run), JSON.stringify({ ...base(), kind: 'member-end', step: -1, outcome: 'x' }));
    await stream.publish(
      names.records('another-run'),
      encodeRunRecord({ ...base(), kind: 'member-end', step: 1, outcome: 'x' }),
    );
    await stream.publish(
      names.records('unknown-run'),
      encodeRunRecord({ ...base(), run: 'unknown-run' as RunId, kind: 'member-end', step: 1, outcome: 'x' }),
    );
    await publishSteps(5);
    await recorded();
    await expectEachStepOnce(5);
    expect(await membersEnded(db, run, 1)).toEqual([]);
    expect(await metric('tributary_ingest_messages_total{outcome="set_aside"}')).toEqual([
      'tributary_ingest_messages_total{outcome="set_aside"} 3',
    ]);
    expect(await metric('tributary_ingest_points_total{outcome="unknown_run"}')).toEqual([
      'tributary_ingest_points_total{outcome="unknown_run"} 1',
    ]);
    expect(log.join('')).toContain('a message was set aside');
    expect(child.exitCode).toBeNull();
  });

  it('loses nothing while Postgres is away, and says so', async () => {
    startRecorder();
    await publishSteps(10);
    await recorded();
    const name = new URL(database.url).pathname.slice(1);
    const admin = openDatabase((await testServers()).postgresUrl, { maxConnections: 1 });
    const cutConnections = () =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and application_name = 'tributary-recorder'`.execute(
        admin,
      );
    try {
      // A restart: connections die in the middle of the stream.
      for (let first = 11; first <= 40; first += 10) {
        await Promise.all([publishSteps(first + 9, first), cutConnections()]);
      }
      // An outage: nobody is let in.
      await sql.raw(`alter database ${name} allow_connections false`).execute(admin);
      await cutConnections();
      await publishSteps(60, 41);
      const [target] = JSON.parse(await readFile(join(folder, 'targets', 'recorder-1.json'), 'utf8')) as {
        targets: string[];
      }[];
      await expect.poll(async () => (await fetch(`http://${target?.targets[0]}/healthz`)).status, waiting).toBe(503);
    } finally {
      await sql.raw(`alter database ${name} allow_connections true`).execute(admin);
      await admin.destroy();
    }
    await publishEnd(60);
    await recorded();
    await expectEachStepOnce(60);
    expect(await divergencesOf(db, run)).toEqual([]);
  });

  it('tells of a value that differs from the recorded one', async () => {
    startRecorder();
    await publishSteps(3);
    await recorded();
    await publish({
      ...base(),
      generation: 2,
      kind: 'points',
      points: [{ subject: 'task:spell', series: 'train.loss', step: 2, value: 0.75 }],
      timings: [],
      tokens: 0,
    });
    await recorded();
    await expectEachStepOnce(3);
    expect(await divergencesOf(db, run)).toMatchObject([
      { series: 'train.loss', step: 2, recorded: '0.5', redone: '0.75' },
    ]);
    await expect
      .poll(
        async () =>
          (await manager.streams.getMessage(names.eventsStream, { last_by_subj: names.events(run) }))?.string(),
        waiting,
      )
      .toContain('DIVERGED: task:spell train.loss at step 2');
  });
});

describe('checkpoints', () => {
  const partNames = ['shared', 'task-spell'];

  async function announce(
    step: number,
    part: string,
    change: Partial<CheckpointPart> = {},
    generation = 1,
  ): Promise<void> {
    const { bytes, sizeBytes, sha256, stateHash } = encodePart({
      tensors: { [part]: { shape: [2], data: Float32Array.of(step, generation) } },
      metadata: {},
    });
    const key = checkpointPartKey(run, step, generation, part);
    await objects.put(key, bytes);
    await publish({
      ...base(),
      generation,
      kind: 'checkpoint-part',
      part: { run, attempt: 1, generation, step, part, parts: partNames, key, sizeBytes, sha256, stateHash, ...change },
    });
  }
  const announceAll = async (step: number, generation = 1) => {
    for (const part of partNames) await announce(step, part, {}, generation);
  };
  const steps = async () => (await listCheckpoints(db, run)).map(({ step }) => step);

  it('are committed when whole, and the oldest deleted', async () => {
    startRecorder();
    for (const step of [10, 20, 30, 40]) await announceAll(step);
    await recorded();
    expect(await steps()).toEqual([40, 30]);
    const [newest] = await listCheckpoints(db, run);
    expect(JSON.parse(Buffer.from(await objects.get(checkpointKey(run, 40))).toString())).toEqual(newest?.manifest);
    expect((await requireRun(db, run)).stateHash).toBe(newest?.stateHash);
    expect(await objects.list(`checkpoints/${run}/`)).toEqual(
      [30, 40]
        .flatMap((step) => [
          ...partNames.map((part) => checkpointPartKey(run, step, 1, part)),
          checkpointKey(run, step),
        ])
        .sort(),
    );
  });

  it('do not come to be of a part that is missing or wrong', async () => {
    const { log } = startRecorder();
    await announceAll(10);
    await announce(20, 'shared', { sha256: createHash('sha256').update('other').digest('hex') });
    await announce(20, 'task-spell');
    await announce(30, 'shared', { sizeBytes: 7 });
    await announce(30, 'task-spell');
    await announce(40, 'shared', { key: `checkpoints/${run}/none` });
    await announce(40, 'task-spell');
    await recorded();
    expect(await steps()).toEqual([10]);
    expect(log.join('').match(/a checkpoint part was dropped/g)).toHaveLength(3);
  });

  it.each(['part-added:2', 'manifest-written:1', 'checkpoint-committed:1', 'checkpoint-committed:3'])(
    'are whole after a kill at %s',
    async (faults) => {
      for (const step of [10, 20, 30]) await announceAll(step);
      const first = startRecorder(faults);
      expect(await ended(first.child), first.errors.join('')).toEqual(killed);
      startRecorder();
      await recorded();
      expect(await steps()).toEqual([30, 20]);
      expect(await objects.list(`checkpoints/${run}/`)).toHaveLength(6);
    },
  );

  it.each(['part-added:1', 'part-added:2'])(
    'become whole though what a recorder killed at %s had in hand comes again behind a newer one',
    async (faults) => {
      await announceAll(10);
      // Longer than a recorder takes to start, on a busy machine too.
      const first = startRecorder(faults, 8_000);
      expect(await ended(first.child), first.errors.join('')).toEqual(killed);
      await announceAll(20);
      startRecorder('', 8_000);
      await recorded();
      expect(await steps()).toEqual([20, 10]);
      expect(await objects.list(`checkpoints/${run}/`)).toHaveLength(6);
    },
  );

  it('that never become whole leave nothing behind once nothing of them can come', async () => {
    startRecorder();
    await announce(10, 'shared');
    await announceAll(20);
    await announceAll(30);
    await recorded();
    expect(await steps()).toEqual([30, 20]);
    expect(await objects.list(`checkpoints/${run}/`)).toHaveLength(6);
  });

  it('that are made again must be the same', async () => {
    startRecorder();
    await announceAll(10);
    await announceAll(10, 2);
    await recorded();
    expect(await steps()).toEqual([10]);
    // The second generation's state differs here on purpose.
    expect((await divergencesOf(db, run)).map(({ series }) => series)).toEqual([
      'state_hash.shared',
      'state_hash.task-spell',
    ]);
    expect(await objects.list(`checkpoints/${run}/`)).toHaveLength(3);
  });
});
