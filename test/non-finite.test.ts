import type { RunFileInput } from '@tributary/config';
import { checkpointKey, type RunEvent } from '@tributary/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastFiles, fastRun } from './support/fast-run.js';
import { openTrainingGround, type TrainingGround } from './support/training-ground.js';

/** The first update throws every weight so far that no loss is finite after it. */
const divergingRun = {
  ...fastRun,
  optimizer: { kind: 'sgd', learningRate: 1e38 },
  clip: null,
  checkpoints: { every: 1, keep: 10 },
  evaluation: { every: 1000 },
  nonFinite: { limit: 4 },
} satisfies RunFileInput;

describe('steps that are not finite', () => {
  let ground: TrainingGround;
  beforeAll(async () => {
    ground = await openTrainingGround(['a', 'b']);
  }, 300_000);
  afterAll(() => ground.close());

  it('are skipped on every member, told of once, and end the run at the limit, also when it was resumed among them', async () => {
    const run = await ground.prepare(divergingRun, fastFiles);
    const events = ground.connection.subscribe(ground.names.events(run.run));
    const first = await ground.conclude(await ground.open(run, { a: [0], b: [1, 2] }));
    const reason =
      /^The gradient of lane 0 \(task reverse\), lane 1 \(task reverse\), lane 2 \(task double\) was not finite at step 5, and the 3 before it were skipped too; lower optimizer\.learningRate/;
    const failed = first.endings.filter(({ ending }) => ending.outcome === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    for (const { ending } of failed)
      expect(ending).toMatchObject({ outcome: 'failed', code: 'NON_FINITE', reason: expect.stringMatching(reason) });

    // What was being written when the run failed is whole: a resume begins with it.
    const partsOf = (step: number): string[] =>
      first.records
        .flatMap((record) => (record.kind === 'checkpoint-part' && record.part.step === step ? [record.part.part] : []))
        .sort();
    expect(partsOf(4)).toEqual(['lane-0', 'lane-1', 'lane-2', 'shared', 'task-double', 'task-reverse']);

    // Step 2 is the first one skipped.
    const resume = { step: 2, checkpointKey: checkpointKey(run.run, 2) };
    const again = await ground.conclude(
      await ground.open(run, { b: [0, 1, 2] }, { generation: 2, attempt: 2, resume }),
    );
    expect(again.endings.map(({ ending }) => ending)).toEqual([
      expect.objectContaining({ outcome: 'failed', code: 'NON_FINITE', reason: expect.stringMatching(reason) }),
    ]);
    await ground.connection.flush();
    events.unsubscribe();
    const notices: string[] = [];
    for await (const message of events) {
      const event = message.json<RunEvent>();
      if (event.kind === 'notice' && event.text.includes('skipped')) notices.push(event.text);
    }
    expect(notices).toEqual([
      expect.stringMatching(/was not finite at step 2; the step is skipped$/),
      expect.stringMatching(/was not finite at step 3; the step is skipped$/),
    ]);
  }, 300_000);
});
