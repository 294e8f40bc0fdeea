import type { Lane, LaneIndex, TaskName } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { cosinesOfStep, matricesOfStep, pointsOfStep, type RecordedResult } from './step-points.js';

const tasks = ['a', 'b', 'c'];
const lanes: Lane[] = ['a', 'a', 'b', 'c'].map((task, lane) => ({
  lane: lane as LaneIndex,
  task: task as TaskName,
  replica: lane === 1 ? 1 : 0,
  replicas: task === 'a' ? 2 : 1,
}));
/** Task b is absent. */
const result: RecordedResult & { gram: Float64Array } = {
  losses: Float64Array.of(2, 4, Number.NaN, 1),
  norm: 1.5,
  presentTasks: [0, 2],
  coefficients: Float64Array.of(0.75, 0, 0.25),
  gram: Float64Array.of(4, 0, -3, 0, 0, 0, -3, 0, 9),
  matrices: [
    { group: 'one', gram: Float64Array.of(3, 0, -1, 0, 0, 0, -1, 0, 4), coefficients: Float64Array.of(1, 0, 0) },
    { group: 'two', gram: Float64Array.of(1, 0, -2, 0, 0, 0, -2, 0, 5), coefficients: Float64Array.of(0.5, 0, 0.5) },
  ],
  skipped: null,
};

describe('the records of a step', () => {
  it('hold the tasks that took part alone', () => {
    const found = pointsOfStep(lanes, tasks, 7, result, 0.01);
    expect(found.map(({ subject, series, value }) => [subject, series, value])).toEqual([
      ['run', 'grad_norm', 1.5],
      ['run', 'learning_rate', 0.01],
      ['task:a', 'train.loss', 3],
      ['task:a', 'weight', 0.75],
      ['task:c', 'train.loss', 1],
      ['task:c', 'weight', 0.25],
      ['lane:0', 'train.loss', 2],
      ['lane:1', 'train.loss', 4],
    ]);
    expect(new Set(found.map(({ step }) => step))).toEqual(new Set([7]));
  });

  it('hold the upper triangle of each group', () => {
    expect(matricesOfStep(7, result)).toEqual([
      { group: 'one', step: 7, tasks: [0, 2], gram: [3, -1, 4], coefficients: [1, 0] },
      { group: 'two', step: 7, tasks: [0, 2], gram: [1, -2, 5], coefficients: [0.5, 0.5] },
    ]);
  });

  it('hold neither matrix nor weights where a lane was not finite, but both where they could not be combined', () => {
    const weightsOf = (of: RecordedResult) =>
      pointsOfStep(lanes, tasks, 7, of, 0.01).filter(({ series }) => series === 'weight').length;
    expect(matricesOfStep(7, { ...result, skipped: 'lanes' })).toEqual([]);
    expect(weightsOf({ ...result, skipped: 'lanes' })).toBe(0);
    expect(weightsOf({ ...result, skipped: 'combined' })).toBe(2);
    expect(matricesOfStep(7, { ...result, skipped: 'combined' })).toHaveLength(2);
  });
});

it('finds cosines of pairs, and none of a gradient that is zero', () => {
  expect(cosinesOfStep(result)).toEqual([{ task: 0, other: 2, cosine: -0.5 }]);
  expect(cosinesOfStep({ ...result, presentTasks: [0, 1, 2] })).toEqual([{ task: 0, other: 2, cosine: -0.5 }]);
});
