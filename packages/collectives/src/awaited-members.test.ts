import type { LaneIndex, MemberIndex, TaskName, WorkerId } from '@tributary/protocol';
import { expect, it } from 'vitest';
import { weightedCombiner } from './combiners/weighted.js';
import { GradientExchange } from './gradient-exchange.js';
import { memoryNetwork } from './memory-network.js';

const lanes = ['a', 'b', 'c'].map((task, lane) => ({
  lane: lane as LaneIndex,
  task: task as TaskName,
  replica: 0,
  replicas: 1,
}));
const members = lanes.map(({ lane }) => ({
  member: lane as number as MemberIndex,
  worker: `w${lane}` as WorkerId,
  lanes: [lane],
}));
const sharedElements = 3 * 65_536;

it('names whom a step waits for: who has not told of its lanes, and nobody once the step is complete', async () => {
  const network = memoryNetwork(3);
  const exchanges = network.map(
    (transport, self) =>
      new GradientExchange(
        {
          self,
          members,
          lanes,
          sharedElements,
          taskElements: { a: 4, b: 4, c: 4 },
          clipNorm: null,
          codec: 'fp32',
          combiner: weightedCombiner([1, 1, 1]),
          combinerName: 'weighted',
        },
        { transport },
      ),
  );
  const [first, , third] = exchanges as [GradientExchange, GradientExchange, GradientExchange];
  const contribution = (lane: number) => ({
    lane,
    loss: 1,
    tokens: 1,
    shared: new Float32Array(sharedElements).fill(lane),
    task: new Float32Array(4),
  });
  expect(first.awaited()).toEqual([]);
  const steps = exchanges.map((exchange) => exchange.step(1, 0));
  expect(first.awaited()).toEqual([1, 2]);
  steps[0]?.contribute(contribution(0));
  steps[2]?.contribute(contribution(2));
  await expect.poll(() => [first.awaited(), third.awaited()]).toEqual([[1], [1]]);
  steps[1]?.contribute(contribution(1));
  await Promise.all(steps.map((step) => step.result()));
  expect(exchanges.map((exchange) => exchange.awaited())).toEqual([[], [], []]);
  await Promise.all(exchanges.map((exchange) => exchange.close()));
});
