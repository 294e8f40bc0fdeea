import { loadCheckpoint } from '@tributary/checkpoints';
import type { RunFileInput } from '@tributary/config';
import { checkpointKey } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastFiles, fastRun } from './support/fast-run.js';
import {
  openTrainingGround,
  type Placement,
  type TrainedGeneration,
  type TrainingGround,
} from './support/training-ground.js';

const steps = 18;
const middle = 6;

/** Everything that a step may carry to the next: absent tasks, residuals, combiner state, groups, dropout. */
const sampledRun = {
  ...fastRun,
  model: {
    ...fastRun.model,
    encoder: { hidden: 24, layers: 2, bidirectional: true, dropout: 0.1 },
  },
  tasks: [
    ...fastRun.tasks.map(({ weight: _, ...task }) => task),
    {
      name: 'half',
      data: { source: 'file', format: 'jsonl', path: 'half.jsonl' },
      microbatches: 2,
      steps: { from: 3 },
      cost: 0.5,
    },
  ],
  sampling: { kind: 'temperature', temperature: 3, draws: 2 },
  combiner: { kind: 'famo', groups: 'layers' },
  sync: { codec: 'int8' },
  checkpoints: { every: middle, keep: 10 },
  evaluation: { every: middle, examples: 16, samples: 1 },
  budget: { steps },
} satisfies RunFileInput;

const files = { ...fastFiles, 'half.jsonl': fastFiles['double.jsonl'].split('\n').slice(0, 60).join('\n') };

/** State hashes of the parts of a generation's last checkpoint. */
const hashes = (trained: TrainedGeneration, generation: number): string[] => {
  expect(trained.endings.map(({ ending }) => ending)).toEqual(
    trained.endings.map(() => ({ outcome: 'finished', step: steps, reason: null })),
  );
  return trained.records
    .flatMap((record) => (record.kind === 'checkpoint-part' && record.generation === generation ? [record.part] : []))
    .filter(({ step }) => step === steps)
    .map(({ part, stateHash }) => `${part} ${stateHash}`)
    .sort();
};

/** Points of some series that may not depend on placement, of steps after `from`. */
const points = (trained: TrainedGeneration, from = 0): string[] =>
  [
    ...new Set(
      trained.records
        .flatMap((record) => (record.kind === 'points' ? record.points : []))
        .filter(({ step }) => step > from)
        .map(({ subject, series, step, value }) => `${subject} ${series} ${step} ${value}`),
    ),
  ].sort();

describe('sampled tasks, coded gradients, a combiner with state and groups of layers together', () => {
  let ground: TrainingGround;
  let run: Awaited<ReturnType<TrainingGround['prepare']>>;
  let alone: TrainedGeneration;
  beforeAll(async () => {
    ground = await openTrainingGround(['a', 'b', 'c']);
    run = await ground.prepare(sampledRun, files);
    alone = await ground.conclude(await ground.open(run, { a: [0, 1, 2, 3] }));
  }, 600_000);
  afterAll(() => ground.close());

  it('some steps lack a task, and tell nothing of it', () => {
    const losses = points(alone).filter((point) => point.includes(' train.loss '));
    expect(losses.filter((point) => point.endsWith('NaN'))).toEqual([]);
    const stepsOf = (task: string) => losses.filter((point) => point.startsWith(`task:${task} train.loss `)).length;
    for (const task of ['reverse', 'double', 'half']) {
      expect(stepsOf(task)).toBeGreaterThan(0);
      expect(stepsOf(task)).toBeLessThan(steps);
    }
  });

  const placements: Readonly<Record<string, Placement>> = {
    'two workers': { b: [0, 2], a: [1, 3] },
    'three workers': { c: [3], a: [0], b: [1, 2] },
  };
  it.each(Object.entries(placements))(
    'end in the same state on %s',
    async (_, placement) => {
      const trained = await ground.conclude(await ground.open(await ground.prepare(sampledRun, files), placement));
      expect(hashes(trained, 1)).toEqual(hashes(alone, 1));
      expect(points(trained)).toEqual(points(alone));
    },
    600_000,
  );

  it('keep all that they carry in their checkpoints', async () => {
    const checkpoint = await loadCheckpoint(ground.objects, checkpointKey(run.run, middle));
    const shared = await checkpoint.part('shared');
    const named = (prefix: string) => Object.keys(shared).filter((name) => name.startsWith(prefix));
    for (const group of ['embedding', 'encoder.0', 'encoder.1'])
      expect(named(`combiner/${group}/`).length).toBeGreaterThan(0);
    expect(shared.skipped?.data).toEqual(BigInt64Array.of(0n));
    expect(shared.updates?.data).toEqual(BigInt64Array.of(BigInt(middle)));
    const lane = await checkpoint.part('lane-0');
    expect(Object.keys(lane).sort()).toEqual(['cursor', 'residual/shared', 'residual/task']);
    const lost = lane['residual/shared']?.data as Float32Array;
    expect(lost.some((value) => value !== 0)).toBe(true);
    const half = await checkpoint.part('task-half');
    expect(Number(half.updates?.data[0])).toBeLessThan(middle - 1);
  });

  it('end in the same state from a checkpoint on other workers', async () => {
    const resume = { step: middle, checkpointKey: checkpointKey(run.run, middle) };
    const again = await ground.conclude(
      await ground.open(run, { c: [2, 3], b: [0, 1] }, { generation: 2, attempt: 2, resume }),
    );
    expect(hashes(again, 2)).toEqual(hashes(alone, 1));
  }, 600_000);

  it('end in the same state when they were paused after their first step', async () => {
    const paused = await ground.prepare(sampledRun, files);
    const first = await ground.conclude(await ground.open(paused, { a: [0, 2], c: [1, 3] }, { stop: 'pause' }));
    expect(first.endings.map(({ ending }) => ending)).toEqual(
      [1, 2].map(() => ({ outcome: 'paused', step: 1, reason: null })),
    );
    const resume = { step: 1, checkpointKey: checkpointKey(paused.run, 1) };
    const last = await ground.conclude(
      await ground.open(paused, { b: [0, 1, 2, 3] }, { generation: 2, attempt: 1, resume }),
    );
    expect(hashes(last, 2)).toEqual(hashes(alone, 1));
    expect(points(last)).toEqual(points(alone));
  }, 600_000);
});
