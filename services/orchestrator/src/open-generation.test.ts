import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { defaultLimits } from '@tributary/planner';
import { checkpointKey, type GenerationOutcome, preparedKey, type WorkerId } from '@tributary/protocol';
import { generationsOf, startAttempt } from '@tributary/run-store';
import { createLogger, createMetrics } from '@tributary/telemetry';
import type { OpenGenerationInput } from '@tributary/workflows';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation } from '../test/installation.js';
import { openGeneration } from './activities/open-generation.js';
import type { OrchestratorParts } from './orchestrator-parts.js';
import { findResumePoint } from './resume-point.js';
import { Roster } from './roster.js';
import { RunEvents } from './run-events.js';
import { RunMetrics } from './run-metrics.js';

let here: Installation;
let parts: OrchestratorParts;
let roster: Roster;
const signal = new AbortController().signal;

beforeAll(async () => {
  here = await Installation.open();
  roster = new Roster(here.nc, here.names, defaultLimits.silenceMs);
  parts = {
    db: here.db,
    objects: here.objects,
    generations: here.documents,
    endings: await new Kvm(here.nc).open(here.names.endingsBucket),
    forgetEndings: () => Promise.resolve(),
    events: new RunEvents(jetstream(here.nc), here.names),
    roster,
    metrics: new RunMetrics(createMetrics()),
    log: createLogger({ service: 'test', level: 'silent' }),
    supervisionLimits: defaultLimits,
    recorderPatienceMs: 1_000,
  };
});
afterAll(async () => {
  roster.close();
  await here.close();
});

it('opens a decision once, however often it is asked, and the next one with the next number', async () => {
  await here.agent('w1');
  const run = await here.create({ name: 'open', tasks: 2 });
  const attempt = await startAttempt(here.db, run);
  const input: OpenGenerationInput = {
    run,
    attempt,
    decisionId: `${run}.1.0`,
    preparedKey: preparedKey('0'),
    workers: ['w1' as WorkerId],
    wanted: null,
    spentMs: 0,
    previous: null,
    reason: null,
  };
  const [once, twice] = await Promise.all([openGeneration(parts)(input, signal), openGeneration(parts)(input, signal)]);
  expect(twice).toEqual(once);
  expect(once).toMatchObject({ kind: 'opened', generation: 1, resumeStep: 0 });
  expect(await openGeneration(parts)(input, signal)).toEqual(once);
  expect(await generationsOf(here.db, run)).toHaveLength(1);

  const outcome: GenerationOutcome = {
    kind: 'worker-lost',
    workers: ['w1'],
    unreachable: [],
    step: 3,
    reason: 'worker w1: killed',
  };
  const next = await openGeneration(parts)(
    { ...input, decisionId: `${run}.1.1`, previous: { generation: 1, members: 1, outcome }, reason: outcome.reason },
    signal,
  );
  expect(next).toMatchObject({ kind: 'opened', generation: 2 });
  const [first] = await generationsOf(here.db, run);
  const lastedMs = (first?.endedAt?.getTime() ?? 0) - (first?.openedAt.getTime() ?? 0);
  expect((await here.documents.read(run))?.document.spentMs).toBe(lastedMs);
  await expect(openGeneration(parts)({ ...input, attempt: 0, decisionId: 'old' }, signal)).rejects.toMatchObject({
    code: 'RUN_STATE_CONFLICT',
  });
});

it('writes the rows that a document lacks, after a death between the two', async () => {
  await here.agent('w2');
  const run = await here.create({ name: 'halfway', tasks: 1 });
  const attempt = await startAttempt(here.db, run);
  const decisionId = `${run}.1.0`;
  await here.documents.change(run, () => ({
    run,
    attempt,
    generation: 5,
    decisionId,
    state: 'open',
    preparedKey: preparedKey('0'),
    members: [{ member: 0 as never, worker: 'w2' as WorkerId, lanes: [0 as never] }],
    resume: { step: 0, checkpointKey: null },
    stop: null,
  }));
  const opened = await openGeneration(parts)(
    {
      run,
      attempt,
      decisionId,
      preparedKey: preparedKey('0'),
      workers: ['w2' as WorkerId],
      wanted: null,
      spentMs: 0,
      previous: null,
      reason: null,
    },
    signal,
  );
  expect(opened).toMatchObject({ kind: 'opened', generation: 5, workers: ['w2'] });
  expect(await generationsOf(here.db, run)).toMatchObject([{ generation: 5, attempt }]);
  expect((await here.row(run)).state).toBe('running');
});

it('says that no worker answers once it has listened long enough', async () => {
  const run = await here.create({ name: 'nobody', tasks: 1 });
  const attempt = await startAttempt(here.db, run);
  const opened = await openGeneration(parts)(
    {
      run,
      attempt,
      decisionId: 'd',
      preparedKey: preparedKey('0'),
      workers: ['gone' as WorkerId],
      wanted: null,
      spentMs: 0,
      previous: null,
      reason: null,
    },
    signal,
  );
  expect(opened).toEqual({ kind: 'no-workers', reason: 'none of the leased workers answers: gone' });
  expect(await here.documents.read(run)).toBeNull();
});

it('passes over checkpoints that are missing, torn or changed', async () => {
  const run = await here.create({ name: 'damaged', tasks: 1 });
  await startAttempt(here.db, run);
  for (const step of [10, 20, 30, 40]) await here.commitCheckpoint(run, step);
  const found = () => findResumePoint(here.db, here.objects, run);
  expect((await found()).resume.step).toBe(40);
  const key = (step: number) => here.partKey(run, step);
  await here.objects.delete(key(40));
  const bytes = Uint8Array.from(await here.objects.get(key(30)));
  bytes.set([(bytes.at(-1) ?? 0) ^ 1], bytes.length - 1);
  await here.objects.put(key(30), bytes);
  await here.objects.put(key(20), new TextEncoder().encode('torn'));
  const { resume, damaged } = await found();
  expect(resume.step).toBe(10);
  expect(damaged.map(({ key }) => key)).toEqual([40, 30, 20].map((step) => checkpointKey(run, step)));
  expect(damaged.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('missing'),
    expect.stringContaining('SHA-256'),
    expect.stringContaining('bytes'),
  ]);
  await here.objects.delete(key(10));
  expect((await found()).resume).toEqual({ step: 0, checkpointKey: null });
});
