import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallRun } from './support/small-run.js';
import {
  openTrainingGround,
  type Placement,
  type TrainedGeneration,
  type TrainingGround,
} from './support/training-ground.js';

const stateHash = (trained: TrainedGeneration): string => {
  expect(trained.endings.map(({ ending }) => ending)).toEqual(
    trained.endings.map(() => ({ outcome: 'finished', step: 8, reason: null })),
  );
  const last = trained.checkpoints.at(-1);
  expect(last?.step).toBe(8);
  return last?.stateHash ?? '';
};

/** Everything recorded that may not depend on placement. */
const points = (trained: TrainedGeneration): string[] =>
  trained.records
    .flatMap((record) => (record.kind === 'points' ? record.points : []))
    .map(({ subject, series, step, value }) => `${subject} ${series} ${step} ${value}`)
    .sort();

describe('placement never changes the result', () => {
  let ground: TrainingGround;
  let alone: TrainedGeneration;

  beforeAll(async () => {
    ground = await openTrainingGround(['a', 'b', 'c']);
    alone = await ground.train(smallRun, { a: [0, 1, 2, 3] });
  }, 300_000);
  afterAll(() => ground.close());

  const placements: Readonly<Record<string, Placement>> = {
    'two workers': { a: [0, 1], b: [2, 3] },
    'three workers, replicas apart': { a: [0], b: [1, 3], c: [2] },
    'three workers in another order': { c: [3, 1], a: [2], b: [0] },
  };
  it.each(Object.entries(placements))(
    '%s',
    async (_, placement) => {
      const trained = await ground.train(smallRun, placement);
      expect(stateHash(trained)).toBe(stateHash(alone));
      expect(points(trained)).toEqual(points(alone));
    },
    300_000,
  );

  it('resumes from a checkpoint on other workers to the same state', async () => {
    const prepared = await ground.prepare(smallRun);
    const first = await ground.conclude(await ground.open(prepared, { a: [0, 1, 2, 3] }));
    const middle = first.checkpoints.find(({ step }) => step === 4);
    expect(middle).toBeDefined();
    const again = await ground.conclude(
      await ground.open(
        prepared,
        { b: [2, 3], c: [0, 1] },
        {
          generation: 2,
          attempt: 2,
          resume: { step: 4, checkpointKey: `checkpoints/${prepared.run}/000000004/manifest.json` },
        },
      ),
    );
    expect(again.endings.map(({ ending }) => ending.outcome)).toEqual(['finished', 'finished']);
    const last = again.records.filter(
      (record) => record.kind === 'checkpoint-part' && record.generation === 2 && record.part.step === 8,
    );
    const hashes = new Map(alone.checkpoints.at(-1)?.parts.map(({ part, stateHash: hash }) => [part, hash]));
    expect(last).toHaveLength(hashes.size);
    for (const record of last)
      if (record.kind === 'checkpoint-part') expect(record.part.stateHash).toBe(hashes.get(record.part.part));
  }, 300_000);

  it('another seed ends elsewhere', async () => {
    const other = await ground.train({ ...smallRun, seed: 12 }, { a: [0, 1, 2, 3] });
    expect(stateHash(other)).not.toBe(stateHash(alone));
  }, 300_000);
});
