import type { WorkerId } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { lanesOf } from './lanes-of.js';
import { placeLanes } from './place-lanes.js';

const task = (name: string, replicas: number) => ({ name, replicas }) as never;
const lanes = lanesOf({ tasks: [task('pronounce', 2), task('spell', 1), task('stress', 2)] });
const workers = (...names: string[]) => names as WorkerId[];

describe('lanesOf', () => {
  it('numbers lanes in run-file order, replicas of a task side by side', () => {
    expect(lanes.map(({ lane, task, replica, replicas }) => [lane, task, replica, replicas])).toEqual([
      [0, 'pronounce', 0, 2],
      [1, 'pronounce', 1, 2],
      [2, 'spell', 0, 1],
      [3, 'stress', 0, 2],
      [4, 'stress', 1, 2],
    ]);
  });
});

describe('placeLanes', () => {
  it('gives contiguous ranges, the surplus to the first members', () => {
    expect(placeLanes(lanes, workers('a', 'b')).map((m) => m.lanes)).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    expect(placeLanes(lanes, workers('a', 'b', 'c')).map((m) => m.lanes)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('does not depend on the order in which workers are named', () => {
    expect(placeLanes(lanes, workers('c', 'a', 'b', 'a'))).toEqual(placeLanes(lanes, workers('a', 'b', 'c')));
  });

  it('places every lane exactly once, on at most as many workers as there are lanes', () => {
    for (let count = 1; count <= 8; count++) {
      const members = placeLanes(lanes, workers(...Array.from({ length: count }, (_, i) => `w${i}`)));
      expect(members.length).toBe(Math.min(count, lanes.length));
      expect(members.flatMap((m) => m.lanes)).toEqual([0, 1, 2, 3, 4]);
      expect(members.map((m) => m.member)).toEqual(members.map((_, i) => i));
    }
  });

  it('places nothing on nobody', () => {
    expect(placeLanes(lanes, [])).toEqual([]);
  });
});
