import { gatherInventories } from '@tributary/checkpoints';
import type { RunFileInput } from '@tributary/config';
import { chooseSnapshot, withBuddies } from '@tributary/planner';
import type {
  GenerationDocument,
  LaneIndex,
  MemberEnding,
  RunRecord,
  SnapshotSource,
  WorkerId,
} from '@tributary/protocol';
import { partNames } from '@tributary/trainer';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fastFiles, fastRun } from './support/fast-run.js';
import { TrainerHost, type TrainFaults } from './support/trainer-host.js';
import { openTrainingGround, type Placement, type TrainingGround } from './support/training-ground.js';

const steps = 16;
const run = {
  ...fastRun,
  budget: { steps },
  snapshots: { every: 4 },
  checkpoints: { every: 4, keep: 10 },
  evaluation: { every: 1000, samples: 0 },
  splits: { validation: 0.1, test: 0.02 },
  lengths: { source: 12, target: 24, buckets: 1 },
} satisfies RunFileInput;

interface Variant {
  readonly input: RunFileInput;
  /** Worker a is lost between the two. */
  readonly before: Placement;
  readonly after: Placement;
}

/** Onto the survivor, which has all graphs. */
const ontoSurvivor = { before: { a: [0], b: [1, 2] }, after: { b: [0, 1, 2] } };
const variants: Readonly<Record<string, Variant>> = {
  fp32: {
    input: { ...run, evaluation: { every: 8, examples: 8, samples: 0 } },
    before: { a: [0], b: [1], c: [2] },
    after: { c: [0, 1], b: [2] },
  },
  'int8 with residuals': { input: { ...run, sync: { codec: 'int8' } }, ...ontoSurvivor },
  diloco: { input: { ...run, sync: { strategy: 'diloco', innerSteps: 2, codec: 'int8' } }, ...ontoSurvivor },
};
const lanes = [
  { lane: 0, task: 'reverse' },
  { lane: 1, task: 'reverse' },
  { lane: 2, task: 'double' },
].map((lane) => ({ ...lane, lane: lane.lane as LaneIndex }));
const names = partNames(['reverse', 'double'], lanes as unknown as Parameters<typeof partNames>[1]);

let ground: TrainingGround;
beforeAll(async () => {
  ground = await openTrainingGround([]);
}, 120_000);
afterAll(() => ground.close());

let hosts: TrainerHost[] = [];
beforeEach(async () => {
  hosts = await Promise.all(['a', 'b', 'c'].map((worker) => TrainerHost.open(ground, worker)));
});
afterEach(() => Promise.all(hosts.map((host) => host.close())));

type Prepared = Awaited<ReturnType<TrainingGround['prepare']>>;

async function openDocument(
  prepared: Prepared,
  placement: Placement,
  generation: number,
  resume?: { step: number; source: SnapshotSource },
): Promise<GenerationDocument> {
  const document = await ground.open(prepared, placement, {
    generation,
    ...(resume ? { resume: { step: resume.step, checkpointKey: null, snapshot: resume.source } } : {}),
  });
  return { ...document, members: withBuddies(document.members, (worker) => worker) };
}

const trainAll = (document: GenerationDocument, faults: Readonly<Record<string, TrainFaults>> = {}) =>
  Promise.all(
    document.members.map(({ worker }) => {
      const host = hosts.find((each) => each.worker === worker) as TrainerHost;
      return host.train(document, faults[worker] ?? {});
    }),
  );

async function newestSnapshot(prepared: Prepared, generations: readonly { generation: number; resumeStep: number }[]) {
  const { connection, names: subjects } = ground;
  const workers = hosts.map(({ worker }) => worker as WorkerId);
  const inventories = await gatherInventories({
    connection,
    names: subjects,
    run: prepared.run,
    workers,
    timeoutMs: 1_000,
  });
  const found = chooseSnapshot(inventories, names, generations);
  if (!found) throw new Error('no snapshot is whole');
  return found;
}

/** What may be recorded only once, with the value that is: first wins, and a differing one would be a broken promise. */
function recorded(records: readonly RunRecord[]): Map<string, string> {
  const found = new Map<string, string>();
  const add = (key: string, value: string): void => {
    if (found.has(key)) expect(`${key} ${found.get(key)}`).toBe(`${key} ${value}`);
    found.set(key, value);
  };
  for (const record of records) {
    if (record.kind === 'points')
      for (const { subject, series, step, value } of record.points) add(`${subject} ${series} ${step}`, String(value));
    if (record.kind === 'ledger')
      for (const { lane, step, ...batches } of record.steps) add(`ledger ${lane} ${step}`, JSON.stringify(batches));
    if (record.kind === 'matrices')
      for (const { group, step, ...matrix } of record.matrices) add(`matrix ${group} ${step}`, JSON.stringify(matrix));
    if (record.kind === 'snapshot')
      for (const { part, stateHash } of record.parts) add(`snapshot ${part} ${record.step}`, stateHash);
  }
  return found;
}

/** Of the last checkpoint. */
async function finalHash(records: readonly RunRecord[]): Promise<string> {
  const checkpoints = await ground.storeManifests(records);
  expect(checkpoints.at(-1)?.step).toBe(steps);
  return checkpoints.at(-1)?.stateHash ?? '';
}

const finished: MemberEnding = { outcome: 'finished', step: steps, reason: null };

async function undisturbed(input: RunFileInput): Promise<RunRecord[]> {
  const prepared = await ground.prepare(input, fastFiles);
  const trained = await trainAll(await openDocument(prepared, { a: [0, 1, 2] }, 1));
  expect(await Promise.all(trained.map(({ ending }) => ending))).toEqual([finished]);
  return ground.recordsOf(prepared.run);
}

describe.each(Object.entries(variants))('a run whose member is lost, %s', (_, { input, before, after }) => {
  it('goes on from what its buddy holds, elsewhere, to the same state, and records everything once', async () => {
    const expected = await undisturbed(input);
    const prepared = await ground.prepare(input, fastFiles);
    const first = await openDocument(prepared, before, 1);
    // What member 0 has to tell reaches JetStream by its snapshot alone.
    const trained = await trainAll(first, { a: { recordsWait: true } });
    await Promise.all(trained.map(({ kept }) => kept));
    await Promise.all(trained.map(({ trainer }) => trainer.abort()));
    for (const { ending } of trained) await expect(ending).rejects.toMatchObject({ code: 'GENERATION_SUPERSEDED' });
    await hosts[0]?.lose();

    const resume = await newestSnapshot(prepared, [{ generation: 1, resumeStep: 0 }]);
    expect([4, 8]).toContain(resume.step);
    const second = await openDocument(prepared, after, 2, resume);
    const again = await trainAll(second);
    // Another loss at once finds it whole again.
    await Promise.all(again.map(({ until }) => until(({ snapshot }) => snapshot?.step === resume.step)));
    expect(await Promise.all(again.map(({ ending }) => ending))).toEqual(again.map(() => finished));

    const records = await ground.recordsOf(prepared.run);
    expect(await finalHash(records)).toBe(await finalHash(expected));
    expect(new Map([...recorded(records)].sort())).toEqual(new Map([...recorded(expected)].sort()));
  }, 300_000);
});

describe('a hand-over', () => {
  it('ends every member at one step with a whole snapshot, and loses no step', async () => {
    const prepared = await ground.prepare(run, fastFiles);
    const first = await openDocument(prepared, { a: [0, 1], b: [2] }, 1);
    const trained = await trainAll(first);
    await trained[1]?.until(({ step }) => step >= 4);
    trained[1]?.trainer.stop('hand-over');
    const [one, other] = await Promise.all(trained.map(({ ending }) => ending));
    expect(one).toEqual(other);
    expect(one).toMatchObject({ outcome: 'handed-over', reason: null });
    await hosts[1]?.lose();
    const resume = await newestSnapshot(prepared, [{ generation: 1, resumeStep: 0 }]);
    expect(resume.step).toBe(one?.step);
    const last = await trainAll(await openDocument(prepared, { a: [0, 1, 2] }, 2, resume));
    expect(await last[0]?.ending).toEqual(finished);
  }, 120_000);

  it('of a member that has no buddy writes a checkpoint too', async () => {
    const prepared = await ground.prepare(run, fastFiles);
    const document = await openDocument(prepared, { a: [0, 1, 2] }, 1);
    const [trained] = await trainAll(document);
    trained?.trainer.stop('hand-over');
    expect(await trained?.ending).toEqual({ outcome: 'handed-over', step: 1, reason: null });
    const checkpoints = await ground.storeManifests(await ground.recordsOf(prepared.run));
    expect(checkpoints.map(({ step }) => step)).toEqual([1]);
  }, 120_000);
});

describe('a full disk', () => {
  it('costs snapshots and checkpoints, says so once, and not the run', async () => {
    const prepared = await ground.prepare(run, fastFiles);
    const { objects } = ground;
    const document = await openDocument(prepared, { a: [0, 1, 2] }, 1);
    const failing = {
      ...objects,
      put: (key: string, bytes: Uint8Array) =>
        key.includes('/000000004/') ? Promise.reject(new Error('no space left')) : objects.put(key, bytes),
    };
    const [trained] = await trainAll(document, { a: { snapshotsFail: true, objects: failing } });
    expect(await trained?.ending).toEqual(finished);
    const text = (await hosts[0]?.metrics.scrape()) ?? '';
    expect(text).toContain(`tributary_snapshot_failures_total{run_id="${prepared.run}"} 4`);
    expect(text).toContain(`tributary_checkpoint_failures_total{run_id="${prepared.run}"} 1`);
  }, 120_000);
});
