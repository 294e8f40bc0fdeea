import type { RunFileInput } from '@tributary/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastFiles, fastRun, vectorRun } from './support/fast-run.js';
import { openTrainingGround, type TrainedGeneration, type TrainingGround } from './support/training-ground.js';

/** Run files that change what a step computes. */
const variants: Readonly<Record<string, RunFileInput>> = {
  microbatches: { ...fastRun, batch: { size: 4, microbatches: 3 } },
  'bf16 matrix products': { ...fastRun, compute: { precision: 'bf16' } },
  'a task of vectors': vectorRun,
  'weights from a file': { ...fastRun, init: { from: { file: 'weights.safetensors' } } },
};

describe.each(Object.entries(variants))('a run with %s', (_, input) => {
  let ground: TrainingGround;
  let alone: TrainedGeneration;
  let run: Awaited<ReturnType<TrainingGround['prepare']>>;
  beforeAll(async () => {
    ground = await openTrainingGround(['a', 'b']);
    run = await ground.prepare(input, fastFiles);
    alone = await ground.conclude(await ground.open(run, { a: [0, 1, 2] }));
  }, 300_000);
  afterAll(() => ground.close());

  const hashes = (trained: TrainedGeneration, generation: number): string[] => {
    expect(trained.endings.map(({ ending }) => ending)).toEqual(
      trained.endings.map(() => ({ outcome: 'finished', step: 8, reason: null })),
    );
    return trained.records
      .flatMap((record) => (record.kind === 'checkpoint-part' && record.generation === generation ? [record.part] : []))
      .filter(({ step }) => step === 8)
      .map(({ part, stateHash }) => `${part} ${stateHash}`)
      .sort();
  };

  it('ends in the same state from its checkpoint, on two workers', async () => {
    const resume = { step: 4, checkpointKey: `checkpoints/${run.run}/000000004/manifest.json` };
    const placement = { b: [0], a: [1, 2] };
    const again = await ground.conclude(await ground.open(run, placement, { generation: 2, attempt: 2, resume }));
    expect(hashes(again, 2)).toEqual(hashes(alone, 1));
  }, 300_000);
});
