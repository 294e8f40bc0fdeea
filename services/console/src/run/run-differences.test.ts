import { expect, it } from 'vitest';
import { differingFields, lastValues } from './run-differences.js';

it('names the fields that differ, tasks by their names', () => {
  const a = {
    seed: 1,
    tasks: [
      { name: 'spell', weight: 1 },
      { name: 'stress', weight: 2 },
    ],
    clip: { globalNorm: 1 },
    groups: [],
  };
  const b = {
    seed: 1,
    tasks: [
      { name: 'stress', weight: 2 },
      { name: 'spell', weight: 3 },
    ],
    clip: null,
    groups: [],
  };
  expect(differingFields([a, b])).toEqual([
    { name: 'clip', values: [null, 'null'] },
    { name: 'clip.globalNorm', values: ['1', null] },
    { name: 'tasks.spell.weight', values: ['1', '3'] },
  ]);
  expect(differingFields([a, a])).toEqual([]);
});

it('puts last values side by side, those of lanes and durations left out', () => {
  const summary = { count: 1, firstStep: 1, lastStep: 1, min: 0, max: 1 };
  const series = [
    { ...summary, subject: 'task:spell', series: 'train.loss', kind: 'point' as const, last: 0.5 },
    { ...summary, subject: 'run', series: 'grad_norm', kind: 'point' as const, last: 2 },
    { ...summary, subject: 'lane:0', series: 'train.loss', kind: 'point' as const, last: 9 },
    { ...summary, subject: 'run', series: 'step_seconds', kind: 'timing' as const, last: 9 },
  ];
  expect(lastValues([{ series }, { series: [] }])).toEqual([
    { name: 'grad_norm', values: [2, null] },
    { name: 'spell.train.loss', values: [0.5, null] },
  ]);
});
