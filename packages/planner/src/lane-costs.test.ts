import { type RunFileInput, runFileSchema } from '@tributary/config';
import { expect, it } from 'vitest';
import { laneCosts } from './lane-costs.js';
import { lanesOf } from './lanes-of.js';

const task = (name: string, fields: Partial<RunFileInput['tasks'][number]> = {}): RunFileInput['tasks'][number] => ({
  name,
  data: { source: 'words', kind: 'spell' },
  ...fields,
});
const costsOf = (fields: Partial<RunFileInput>, data: Parameters<typeof laneCosts>[2]) => {
  const spec = runFileSchema.parse({ experiment: 'e', tasks: [], budget: { steps: 100 }, ...fields });
  return laneCosts(spec, lanesOf(spec), data);
};

it('costs a lane by its batches, their length and how often they are drawn', () => {
  const tasks = [task('a', { replicas: 2 }), task('b', { microbatches: 3 })];
  expect(costsOf({ tasks }, {})).toEqual([1, 1, 3]);
  const data = { a: { examples: 100, meanTokens: 30 }, b: { examples: 100, meanTokens: 10 } };
  expect(costsOf({ tasks }, data)).toEqual([1.5, 1.5, 1.5]);
  expect(costsOf({ tasks: [task('a'), task('b', { cost: 4 })] }, data)).toEqual([1.5, 4]);
  const sampling = { kind: 'proportions', proportions: { a: 3, b: 1 }, draws: 2 } as const;
  expect(costsOf({ tasks, sampling }, {})).toEqual([1.5, 1.5, 1.5]);
  const half = [task('a', { steps: { until: 50 } }), task('b')];
  expect(costsOf({ tasks: half }, {})[0]).toBeCloseTo(0.5, 1);
});

it('never counts a lane as nothing', () => {
  const sampling = { kind: 'proportions', proportions: { a: 1, b: 0 } } as const;
  expect(costsOf({ tasks: [task('a'), task('b')], sampling }, {})).toEqual([1, 0.01]);
});
