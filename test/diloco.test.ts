import { loadCheckpoint } from '@tributary/checkpoints';
import type { RunFileInput } from '@tributary/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastFiles, fastRun } from './support/fast-run.js';
import { openTrainingGround, type TrainedGeneration, type TrainingGround } from './support/training-ground.js';

/** Four rounds of two steps; the task "reverse" has two lanes. */
const rounds = {
  ...fastRun,
  sync: { strategy: 'diloco', innerSteps: 2 },
  evaluation: { every: 8, examples: 16, samples: 0 },
} satisfies RunFileInput;

const variants: Readonly<Record<string, RunFileInput>> = {
  'all tasks': rounds,
  'int8, sampled tasks and microbatches': {
    ...rounds,
    sync: { ...rounds.sync, codec: 'int8', outer: { lr: 0.5, momentum: 0.8 } },
    sampling: { kind: 'proportions', proportions: { reverse: 1, double: 1 }, draws: 1 },
    batch: { size: 4, microbatches: 2 },
  },
};

const finished = { outcome: 'finished', step: 8, reason: null };

let ground: TrainingGround;
beforeAll(async () => {
  ground = await openTrainingGround(['a', 'b', 'c']);
}, 120_000);
afterAll(() => ground.close());

describe.each(Object.entries(variants))('diloco, %s', (_, input) => {
  let alone: TrainedGeneration;
  beforeAll(async () => {
    alone = await ground.conclude(await ground.open(await ground.prepare(input, fastFiles), { a: [0, 1, 2] }));
  }, 300_000);

  /** Hashes of the parts of the last checkpoint. */
  const hashes = (trained: TrainedGeneration, generation: number): string[] => {
    expect(trained.endings.map(({ ending }) => ending)).toEqual(trained.endings.map(() => finished));
    return trained.records
      .flatMap((record) => (record.kind === 'checkpoint-part' && record.generation === generation ? [record.part] : []))
      .filter(({ step }) => step === 8)
      .map(({ part, stateHash }) => `${part} ${stateHash}`)
      .sort();
  };
  const points = (trained: TrainedGeneration): string[] =>
    trained.records
      .flatMap((record) => (record.kind === 'points' ? record.points : []))
      .map(({ subject, series, step, value }) => `${subject} ${series} ${step} ${value}`)
      .sort();

  it('records the loss of every inner step', () => {
    const steps = (lane: number) =>
      alone.records
        .flatMap((record) => (record.kind === 'points' ? record.points : []))
        .filter(({ subject, series }) => subject === `lane:${lane}` && series === 'inner.loss')
        .map(({ step, value }) => {
          expect(value).toBeGreaterThan(0);
          return step;
        });
    // Where tasks are sampled, one of the two takes part in each round.
    if ('sampling' in input) expect([...steps(1), ...steps(2)].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    else for (const lane of [0, 1, 2]) expect(steps(lane)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('ends in the same state on three workers', async () => {
    const run = await ground.prepare(input, fastFiles);
    const other = await ground.conclude(await ground.open(run, { c: [1], a: [2], b: [0] }));
    expect(hashes(other, 1)).toEqual(hashes(alone, 1));
    expect(points(other)).toEqual(points(alone));
  }, 300_000);

  it('stops at the end of a round, and ends in the same state when it goes on on two workers', async () => {
    const run = await ground.prepare(input, fastFiles);
    const stopped = await ground.conclude(await ground.open(run, { b: [0, 1, 2] }, { stop: 'pause' }));
    expect(stopped.endings.map(({ ending }) => ending)).toEqual([{ outcome: 'paused', step: 2, reason: null }]);
    const resume = { step: 2, checkpointKey: `checkpoints/${run.run}/000000002/manifest.json` };
    const again = await ground.conclude(
      await ground.open(run, { a: [2], c: [0, 1] }, { generation: 2, attempt: 2, resume }),
    );
    expect(hashes(again, 2)).toEqual(hashes(alone, 1));
    expect(points(again)).toEqual(points(alone));
  }, 300_000);
});

it('drops a round that is not finite, on every worker, with what its lanes have built', async () => {
  // The first step of every round leaves no finite parameter behind.
  const spec: RunFileInput = { ...rounds, optimizer: { kind: 'sgd', learningRate: 1e30, momentum: 0.9 }, clip: null };
  const run = await ground.prepare(spec, fastFiles);
  const trained = await ground.conclude(await ground.open(run, { a: [0], b: [1, 2] }));
  expect(trained.endings.map(({ ending }) => ending)).toEqual([finished, finished]);
  const { checkpoints } = trained;
  const reached = await Promise.all(
    checkpoints.map(async ({ run: name, step }) => {
      const checkpoint = await loadCheckpoint(
        ground.objects,
        `checkpoints/${name}/${String(step).padStart(9, '0')}/manifest.json`,
      );
      const { cursor, ...first } = await checkpoint.part('lane-0');
      // Finite in a round in which the others are not.
      const { cursor: other, ...second } = await checkpoint.part('lane-1');
      const moments = [first, second];
      return { step, cursors: [cursor, other], moments, task: await checkpoint.part('task-reverse') };
    }),
  );
  expect(reached.map(({ step }) => step)).toEqual([4, 8]);
  const [middle, last] = reached;
  expect(last?.task).toEqual(middle?.task);
  expect(last?.cursors).not.toEqual(middle?.cursors);
  for (const moments of last?.moments ?? []) {
    expect(Object.keys(moments)).toContain('inner/updates');
    for (const { data } of Object.values(moments)) expect(data.every((value) => Number(value) === 0)).toBe(true);
  }
}, 300_000);
