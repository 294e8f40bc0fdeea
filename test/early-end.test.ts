import type { MetricName, RunFileInput } from '@tributary/config';
import type { CheckpointManifest, ResumePoint, VerifyAnswer, WorkerId } from '@tributary/protocol';
import { createLogger } from '@tributary/telemetry';
import { replaySteps } from '@tributary/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastFiles, fastRun } from './support/fast-run.js';
import { openTrainingGround, type TrainedGeneration, type TrainingGround } from './support/training-ground.js';

const metrics: MetricName[] = ['bleu', 'chrf2', 'rougeL', 'distinct2', 'exact_match', 'perplexity'];

/**
 * The loss falls, and more of it is called better: the first evaluation, at step 2, stays the best, so that the run ends one step after
 * the third, at step 7.
 */
const run = {
  ...fastRun,
  tasks: fastRun.tasks.map((task) => ({ ...task, metrics })),
  evaluation: { every: 2, examples: 16, samples: 2 },
  earlyStop: { metric: 'validation.loss', task: 'double', mode: 'max', patience: 2 },
  budget: { steps: 40 },
} as RunFileInput;

const reason = 'stopped early: validation.loss of task "double" has not got better in 2 evaluations';
const endings = (trained: TrainedGeneration) => trained.endings.map(({ ending }) => ending);
const ended = (members: number) => Array.from({ length: members }, () => ({ outcome: 'finished', step: 7, reason }));

const points = (trained: TrainedGeneration): string[] =>
  trained.records
    .flatMap((record) => (record.kind === 'points' ? record.points : []))
    .map(({ subject, series, step, value }) => `${subject} ${series} ${step} ${value}`)
    .sort();

describe('a run that ends early', () => {
  let ground: TrainingGround;
  let prepared: Awaited<ReturnType<TrainingGround['prepare']>>;
  let alone: TrainedGeneration;
  let last: CheckpointManifest;

  beforeAll(async () => {
    ground = await openTrainingGround(['a', 'b']);
    prepared = await ground.prepare(run, fastFiles);
    alone = await ground.conclude(await ground.open(prepared, { a: [0, 1, 2] }));
    last = alone.checkpoints.at(-1) as CheckpointManifest;
  }, 300_000);
  afterAll(() => ground.close());

  const at = (step: number): ResumePoint => ({
    step,
    checkpointKey: `checkpoints/${prepared.run}/${String(step).padStart(9, '0')}/manifest.json`,
  });

  it('says why, keeps its last state and measures it on held-out data', () => {
    expect(endings(alone)).toEqual(ended(1));
    expect(alone.checkpoints.map(({ step }) => step)).toEqual([4, 7]);
    const recorded = points(alone);
    for (const metric of ['loss', ...metrics])
      for (const task of ['reverse', 'double']) {
        const steps = (split: string) =>
          recorded.flatMap((point) => {
            const [subject, series, step] = point.split(' ');
            return subject === `task:${task}` && series === `${split}.${metric}` ? [Number(step)] : [];
          });
        expect([metric, task, steps('validation'), steps('test')]).toEqual([metric, task, [2, 4, 6], [7]]);
      }
  });

  it('ends at the same step in the same state, with the same values, on two workers', async () => {
    const trained = await ground.conclude(
      await ground.open(await ground.prepare(run, fastFiles), { a: [0, 2], b: [1] }),
    );
    expect(endings(trained)).toEqual(ended(2));
    expect(trained.checkpoints.at(-1)?.stateHash).toBe(last.stateHash);
    expect(points(trained)).toEqual(points(alone));
  }, 300_000);

  it('ends there too when it goes on from a checkpoint elsewhere, and at once from its last', async () => {
    const hashes = new Map(last.parts.map(({ part, stateHash }) => [part, stateHash]));
    const middle = await ground.conclude(
      await ground.open(prepared, { b: [0, 1], a: [2] }, { generation: 2, attempt: 2, resume: at(4) }),
    );
    expect(endings(middle)).toEqual(ended(2));
    const written = middle.records.flatMap((record) =>
      record.kind === 'checkpoint-part' && record.generation === 2 && record.part.step === 7 ? [record.part] : [],
    );
    expect(written.length).toBe(hashes.size);
    for (const { part, stateHash } of written) expect([part, stateHash]).toEqual([part, hashes.get(part)]);

    const again = await ground.conclude(
      await ground.open(prepared, { b: [0, 1, 2] }, { generation: 3, attempt: 2, resume: at(7) }),
    );
    expect(endings(again)).toEqual(ended(1));
  }, 300_000);

  it('is done again to the same state, its evaluations too', async () => {
    const answers: VerifyAnswer[] = [];
    await replaySteps(
      {
        request: {
          run: prepared.run,
          attempt: 1,
          preparedKey: prepared.key,
          budgetSteps: 40,
          from: at(4),
          to: 7,
          snapshots: [],
        },
        worker: 'c' as WorkerId,
        backend: 'auto',
        device: 'cpu',
      },
      {
        objects: ground.objects,
        logger: createLogger({ service: 'trainer', level: 'fatal' }),
        onAnswer: (answer) => answers.push(answer),
      },
    );
    const parts = answers.flatMap((answer) => (answer.kind === 'hashes' && answer.step === 7 ? answer.parts : []));
    const told = new Map(parts.map(({ part, stateHash }) => [part, stateHash]));
    expect(told).toEqual(new Map(last.parts.map(({ part, stateHash }) => [part, stateHash])));
  }, 300_000);
});
