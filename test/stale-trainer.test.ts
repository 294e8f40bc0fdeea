import { jetstreamManager } from '@nats-io/jetstream';
import { runFileSchema } from '@tributary/config';
import { checkpointKey, type RunRecord } from '@tributary/protocol';
import {
  createRun,
  divergencesOf,
  history,
  ledgerOf,
  listCheckpoints,
  membersEnded,
  openDatabase,
  type RunDatabase,
  recordGeneration,
  requireRun,
  samplesOf,
} from '@tributary/run-store';
import { type TemporaryDatabase, temporaryDatabase } from '@tributary/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { natsEnvironment } from './support/agents.js';
import { fastFiles, fastRun } from './support/fast-run.js';
import { ServiceProcess } from './support/service-process.js';
import { openTrainingGround, type TrainedGeneration, type TrainingGround } from './support/training-ground.js';

/** The schedule ends with the budget: another budget gives other values at every step. */
const short = { ...fastRun, schedule: { kind: 'warmup-cosine', warmupSteps: 1 } } as const;
const long = { ...short, budget: { steps: 12 } };
const resumeStep = 4;

let ground: TrainingGround;
let database: TemporaryDatabase;
let db: RunDatabase;
let recorder: ServiceProcess | null = null;

beforeAll(async () => {
  [ground, database] = await Promise.all([openTrainingGround(['a', 'b']), temporaryDatabase()]);
  db = openDatabase(database.url);
}, 60_000);
afterAll(async () => {
  await recorder?.kill('SIGTERM');
  await ground.close();
  await db.destroy();
  await database.drop();
});

const lossOf = ({ records }: TrainedGeneration, generation: number): Map<number, number> =>
  new Map(
    records
      .filter((record): record is Extract<RunRecord, { kind: 'points' }> => record.kind === 'points')
      .filter((record) => record.generation === generation)
      .flatMap(({ points }) => points)
      .filter(({ subject, series }) => subject === 'task:reverse' && series === 'train.loss')
      .map(({ step, value }) => [step, value]),
  );

it('records nothing of a trainer that goes on after a later attempt, with another budget, has begun before it', async () => {
  const files = { 'reverse.jsonl': fastFiles['reverse.jsonl'], 'double.jsonl': fastFiles['double.jsonl'] };
  const [first, extended] = [await ground.prepare(short, files), await ground.prepare(long, files)];
  const { run } = first;
  const stale = await ground.conclude(await ground.open(first, { a: [0, 1, 2] }));
  const resume = { step: resumeStep, checkpointKey: checkpointKey(run, resumeStep) };
  const newer = await ground.conclude(
    await ground.open({ run, key: extended.key }, { b: [0, 1, 2] }, { attempt: 2, generation: 2, resume }),
  );
  const [before, after] = [lossOf(stale, 1), lossOf(newer, 2)];
  for (let step = resumeStep + 2; step <= 8; step += 1) expect(after.get(step)).not.toBe(before.get(step));

  // As the recorder finds it: the later generation is known, and the stream has all that the stale trainer did first.
  await createRun(db, { run, experiment: 'stale', spec: runFileSchema.parse(long), files: {} });
  for (const [index, from] of [0, resumeStep].entries())
    await recordGeneration(db, {
      ...{ run, attempt: index + 1, generation: index + 1, members: [] },
      ...{ resumeStep: from, reason: null },
    });
  recorder = new ServiceProcess('recorder', 'recorder', {
    ...process.env,
    ...(await natsEnvironment(ground.servers, ground.namespace)),
    TRIBUTARY_POSTGRES_URL: database.url,
  });
  await expect.poll(async () => await membersEnded(db, run, 2), { timeout: 30_000, interval: 100 }).toHaveLength(1);
  const manager = await jetstreamManager(ground.connection);
  await expect
    .poll(async () => {
      const { num_pending, num_ack_pending } = await manager.consumers.info(ground.names.recordsStream, 'recorder');
      return [num_pending, num_ack_pending];
    })
    .toEqual([0, 0]);

  expect(await history(db, run, 'task:reverse', 'train.loss')).toEqual(
    Array.from({ length: 12 }, (_, index) => index + 1).map((step) => ({
      step,
      value: (step <= resumeStep ? before : after).get(step),
    })),
  );
  expect((await ledgerOf(db, run)).map(({ step, generation }) => generation === (step <= resumeStep ? 1 : 2))).toEqual(
    new Array(36).fill(true),
  );
  expect([...new Set((await samplesOf(db, run)).map(({ step }) => step))]).toEqual([12]);
  expect((await listCheckpoints(db, run)).map(({ step, attempt }) => [step, attempt])).toEqual([
    [12, 2],
    [8, 2],
    [4, 1],
  ]);
  const hash = newer.checkpoints.find(({ step }) => step === 12)?.stateHash;
  expect(await requireRun(db, run)).toMatchObject({ step: 12, stateHash: hash });
  expect(await divergencesOf(db, run)).toEqual([]);
  // How it ended is known all the same.
  expect(await membersEnded(db, run, 1)).toMatchObject([{ step: 8, outcome: 'finished' }]);
}, 240_000);
