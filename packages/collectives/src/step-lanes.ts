import type { ExchangePlan } from './exchange-plan.js';
import { pairCount } from './gram.js';

/** Which lanes take part in one step, and what follows from that. The same on every member. */
export interface StepLanes {
  /** By lane: 1 where it is present. */
  readonly present: Uint8Array;
  /** Present lanes of each member. */
  readonly lanesOf: Uint32Array;
  /** Present tasks, ascending: all lanes of each. */
  readonly tasks: readonly number[];
  /** Microbatches of a lane of each present task. */
  readonly shares: Float64Array;
  /** Number of pairs s ≤ t of present tasks. */
  readonly pairs: number;
  /** Messages of block sums of each owner. */
  readonly sumParts: Uint32Array;
}

/**
 * The lanes of a step from the microbatches of each, by lane; null: one each.
 *
 * @throws RangeError where counts are missing, no counts, differ between lanes of a task, or leave no lane.
 */
export function stepLanes(plan: ExchangePlan, counts: readonly number[] | null, step: number): StepLanes {
  const present = new Uint8Array(plan.laneCount);
  const lanesOf = new Uint32Array(plan.size);
  const tasks: number[] = [];
  const shares: number[] = [];
  if (counts !== null && counts.length !== plan.laneCount)
    throw new RangeError(`the schedule of step ${step} counts ${counts.length} lanes instead of ${plan.laneCount}`);
  for (const [task, lanes] of plan.taskLanes.entries()) {
    const share = counts === null ? 1 : (counts[lanes[0] as number] as number);
    if (!Number.isInteger(share) || share < 0)
      throw new RangeError(`the schedule of step ${step} gives lane ${lanes[0]} ${share} microbatches`);
    for (const lane of lanes) {
      if (counts !== null && counts[lane] !== share)
        throw new RangeError(
          `the schedule of step ${step} gives lanes ${lanes[0]} and ${lane} of task "${plan.tasks[task]}" ${share} and ${counts[lane]} microbatches; all lanes of a task must have the same`,
        );
      if (share === 0) continue;
      present[lane] = 1;
      const host = plan.laneHost[lane] as number;
      lanesOf[host] = (lanesOf[host] as number) + 1;
    }
    if (share === 0) continue;
    tasks.push(task);
    shares.push(share);
  }
  if (tasks.length === 0) throw new RangeError(`the schedule of step ${step} has no lane`);
  const pairs = pairCount(tasks.length);
  return {
    present,
    lanesOf,
    tasks,
    shares: Float64Array.from(shares),
    pairs,
    sumParts: Uint32Array.from(plan.shards, (of) => Math.ceil((of.blockCount * pairs) / plan.sumsPerPart)),
  };
}
