import type { CombinerSpec } from '@tributary/config';
import { runExchange, type Scenario, scenario } from '@tributary/testing';
import { expect, it } from 'vitest';
import { GradientExchange } from '../gradient-exchange.js';
import { memoryNetwork } from '../memory-network.js';
import { createCombiner } from './create-combiner.js';

const specs: readonly CombinerSpec[] = [
  { kind: 'weighted', groups: 'layers' },
  { kind: 'pcgrad', groups: 'layers' },
  { kind: 'gradvac', beta: 0.3, groups: 'layers' },
  { kind: 'mgda', groups: 'layers' },
  { kind: 'cagrad', c: 0.4, groups: 'layers' },
  { kind: 'imtl-g', groups: 'layers' },
  { kind: 'aligned-mtl', scale: 'min', groups: 'layers' },
  { kind: 'nash-mtl', groups: 'layers' },
  { kind: 'upgrad', groups: 'layers' },
  { kind: 'gradnorm', alpha: 1.5, lr: 0.1, groups: 'layers' },
  { kind: 'db-mtl', groups: 'layers' },
  { kind: 'uncertainty', lr: 0.1, groups: 'layers' },
  { kind: 'dwa', temperature: 0.5, window: 1, groups: 'layers' },
  { kind: 'imtl-l', lr: 0.1, groups: 'layers' },
  { kind: 'stch', mu: 0.5, groups: 'layers' },
  { kind: 'famo', lr: 0.1, decay: 0.001, groups: 'layers' },
];

/** Task b, of lane 3, is absent from every third step. */
const schedule = (step: number): readonly number[] => [1, 1, 1, step % 3 === 0 ? 0 : 2, 1];

it.each(specs)('$kind gives every member the same bits, also after it has moved', async (spec) => {
  const rules: Partial<Scenario> = {
    combiner: createCombiner(spec, { taskWeights: [1, 1, 1], seed: 4 }),
    combinerName: JSON.stringify(spec),
    groups: [
      { name: 'first', firstBlock: 0, blockCount: 1 },
      { name: 'rest', firstBlock: 1, blockCount: 1 },
    ],
    schedule,
  };
  let exchanges = 0;
  await runExchange(
    {
      of: scenario(65_536 + 900, 0.5, rules),
      placement: [[0, 1, 2, 3, 4]],
      steps: 4,
      afterwards: [
        [
          [3, 0],
          [1, 4, 2],
        ],
        [[4], [3, 1], [2, 0]],
      ],
    },
    async (size) => memoryNetwork(size),
    (options, transport) => {
      exchanges++;
      return new GradientExchange(options, { transport });
    },
  );
  expect(exchanges).toBe(6);
});
