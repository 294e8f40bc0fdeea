import type { Lane, Member, MemberIndex, WorkerId } from '@tributary/protocol';
import { evenRanges } from './even-ranges.js';

/**
 * Assigns lanes to workers so that the busiest has as little to do as can be: contiguous ranges where these are as good,
 * since they keep the replicas of a task together; else the longest lanes first, each to the worker with the least so far.
 * Workers are taken in name order, so the same set of workers gives the same members; those beyond the number of lanes are
 * left out. Which worker hosts a lane never changes a result, only where it is computed.
 * @param costs time of a step of each lane beside the others, above 0; default: all alike
 */
export function placeLanes(
  lanes: readonly Lane[],
  workers: readonly WorkerId[],
  costs: readonly number[] = lanes.map(() => 1),
): Member[] {
  const wrong = lanes.findIndex((_, index) => !((costs[index] as number) > 0 && Number.isFinite(costs[index])));
  if (wrong !== -1) throw new RangeError(`the cost of lane ${wrong} is ${costs[wrong]}; it must be above 0`);
  const hosts = [...new Set(workers)].sort().slice(0, lanes.length);
  const together = evenRanges(costs, hosts.length);
  const apart = longestFirst(costs, hosts.length);
  const [busiestTogether, busiestApart] = [together, apart].map((shares) => busiest(shares, costs)) as [number, number];
  const shares = busiestTogether <= busiestApart * (1 + tolerance) ? together : apart;
  return hosts.map((worker, member) => ({
    member: member as MemberIndex,
    worker,
    lanes: (shares[member] as number[]).map((index) => (lanes[index] as Lane).lane),
  }));
}

/** How much slower contiguous ranges may be: a twentieth of a step is less than moving a task's state to a second worker. */
const tolerance = 0.05;

function busiest(shares: readonly (readonly number[])[], costs: readonly number[]): number {
  return Math.max(0, ...shares.map((share) => share.reduce((sum, index) => sum + (costs[index] as number), 0)));
}

/** Longest processing time first (Graham 1969), at most 4/3 of the best; each share in rising order. */
function longestFirst(costs: readonly number[], count: number): number[][] {
  const shares = Array.from({ length: count }, () => ({ cost: 0, indices: [] as number[] }));
  const order = costs.map((_, index) => index).sort((a, b) => (costs[b] as number) - (costs[a] as number) || a - b);
  for (const index of order) {
    const least = shares.reduce(
      (best, share) => (share.cost < best.cost ? share : best),
      shares[0] as { cost: number; indices: number[] },
    );
    if (least === undefined) break;
    least.cost += costs[index] as number;
    least.indices.push(index);
  }
  return shares.map(({ indices }) => indices.sort((a, b) => a - b));
}
