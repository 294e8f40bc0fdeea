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

/** The least cost of the busiest of `count` hosts, over every assignment. */
function bestOfAll(costs: readonly number[], count: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let assignment = 0; assignment < count ** costs.length; assignment++) {
    const loads = new Array<number>(count).fill(0);
    let rest = assignment;
    for (const cost of costs) {
      loads[rest % count] = (loads[rest % count] as number) + cost;
      rest = Math.floor(rest / count);
    }
    best = Math.min(best, Math.max(...loads));
  }
  return best;
}

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

  it('gives the expensive lanes room', () => {
    const placed = (costs: readonly number[], ...names: string[]) =>
      placeLanes(lanes, workers(...names), costs).map((m) => m.lanes);
    expect(placed([4, 1, 1, 1, 1], 'a', 'b')).toEqual([[0], [1, 2, 3, 4]]);
    expect(placed([1, 1, 1, 1, 9], 'a', 'b', 'c')).toEqual([[0, 1], [2, 3], [4]]);
    expect(placed([5, 1, 1, 5, 1], 'a', 'b')).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    // 5 and 3 beside each other would cost 8 on the first; apart, 5 + 1 and 3 + 3.
    expect(placed([5, 3, 3, 0.5, 0.5], 'a', 'b')).toEqual([
      [0, 3, 4],
      [1, 2],
    ]);
  });

  it('is at most a twentieth worse than longest first, whatever the costs', () => {
    let draw = 7;
    const next = () => {
      draw = (draw * 48_271) % 0x7fffffff;
      return draw / 0x7fffffff;
    };
    for (let round = 0; round < 200; round++) {
      const costs = lanes.map(() => 0.1 + next() ** 3);
      const count = 1 + (round % 5);
      const members = placeLanes(lanes, workers(...['a', 'b', 'c', 'd', 'e'].slice(0, count)), costs);
      const placed = members.flatMap((m) => m.lanes);
      expect(placed.toSorted()).toEqual([0, 1, 2, 3, 4]);
      for (const member of members) {
        expect(member.lanes.length).toBeGreaterThan(0);
        expect(member.lanes).toEqual(member.lanes.toSorted());
      }
      const busiest = Math.max(...members.map((m) => m.lanes.reduce((sum, lane) => sum + (costs[lane] as number), 0)));
      // Graham's bound on longest first, by the best of all assignments.
      expect(busiest).toBeLessThan(bestOfAll(costs, count) * (4 / 3) * 1.05);
    }
  });

  it('refuses a cost that is none', () => {
    expect(() => placeLanes(lanes, workers('a'), [1, 1, 0, 1, 1])).toThrow('the cost of lane 2 is 0');
  });

  it('places nothing on nobody', () => {
    expect(placeLanes(lanes, [])).toEqual([]);
  });
});
