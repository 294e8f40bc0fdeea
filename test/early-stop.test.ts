import { afterAll, beforeAll, expect, it } from 'vitest';
import { smallRun } from './support/small-run.js';
import { openTrainingGround, type TrainingGround } from './support/training-ground.js';

let ground: TrainingGround;
beforeAll(async () => {
  ground = await openTrainingGround(['a']);
}, 120_000);
afterAll(() => ground.close());

it('obeys a request to stop that comes before there is a trainer to ask', async () => {
  const document = await ground.open(await ground.prepare(smallRun), { a: [0, 1, 2, 3] });
  await ground.generations.put(document.run, JSON.stringify({ ...document, stop: 'cancel' }));
  const { endings } = await ground.conclude(document);
  expect(endings.map(({ ending }) => ending)).toEqual([{ outcome: 'cancelled', step: 1, reason: null }]);
}, 120_000);
