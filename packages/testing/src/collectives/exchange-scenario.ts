import {
  type BlockGroup,
  type CodecName,
  type Combiner,
  type ExchangeOptions,
  type LaneContribution,
  weightedCombiner,
} from '@tributary/collectives';
import type { Lane, LaneIndex, Member, MemberIndex, TaskName, WorkerId } from '@tributary/protocol';
import { randomStream } from '@tributary/random';

/** Lanes, sizes and rules of an exchange, without a placement. */
export interface Scenario {
  readonly lanes: readonly Lane[];
  readonly sharedElements: number;
  readonly taskElements: Readonly<Record<string, number>>;
  readonly clipNorm: number | null;
  readonly codec: CodecName;
  readonly combiner: Combiner;
  readonly combinerName: string;
  readonly groups?: readonly BlockGroup[];
  readonly schedule?: (step: number) => readonly number[];
}

/** Five lanes of three tasks: `a` has three replicas, `b` and `c` one each; weights 1, 0.3 and 2.2 unless the rules say otherwise. */
export function scenario(sharedElements: number, clipNorm: number | null, rules: Partial<Scenario> = {}): Scenario {
  const tasks = ['a', 'a', 'a', 'b', 'c'];
  return {
    lanes: tasks.map((task, lane) => ({
      lane: lane as LaneIndex,
      task: task as TaskName,
      replica: task === 'a' ? lane : 0,
      replicas: task === 'a' ? 3 : 1,
    })),
    sharedElements,
    taskElements: { a: 70_001, b: 5, c: 1_025 },
    clipNorm,
    codec: 'fp32',
    combiner: weightedCombiner([1, 0.3, 2.2]),
    combinerName: 'weighted 1 0.3 2.2',
    ...rules,
  };
}

/** Members that host the given lanes, each in the given order. */
export function membersOf(placement: readonly (readonly number[])[]): Member[] {
  return placement.map((lanes, member) => ({
    member: member as MemberIndex,
    worker: `worker-${member}` as WorkerId,
    lanes: lanes as readonly LaneIndex[],
  }));
}

export function optionsOf(of: Scenario, placement: readonly (readonly number[])[], self: number): ExchangeOptions {
  // Asks again soon, so that tests of lossy networks take no longer than they must.
  return { ...of, self, members: membersOf(placement), quietMs: 30 };
}

/** Microbatches of each lane in a step. */
export function countsOf(of: Scenario, step: number): readonly number[] {
  return of.schedule?.(step) ?? of.lanes.map(() => 1);
}

/**
 * A combiner with a state for each task and one for all, that depends on everything a combiner may depend on: a task counts the
 * less the longer its gradients have been, and the more the higher its loss.
 */
export const statefulCombiner: Combiner = ({ gram, losses, tasks, taskCount, shares, step, state }) => {
  const lengths = [...(state.lengths ?? new Array<number>(taskCount).fill(1))];
  const calls = (state.calls?.[0] ?? 0) + 1;
  const weights = new Float64Array(tasks.length);
  for (const [place, task] of tasks.entries()) {
    const length = Math.sqrt(gram[place * tasks.length + place] as number);
    lengths[task] = 0.75 * (lengths[task] as number) + 0.25 * length;
    const urgency = (losses[place] as number) * (shares[place] as number);
    weights[place] = (urgency * (1 + 1 / (calls + step))) / (lengths[task] as number);
  }
  return { weights, state: { lengths, calls: [calls] } };
};

/**
 * A lane's gradients at a step: ordinary numbers, and at every seventh element numbers of which the lanes' order of addition
 * shows in the sum: 2^60 in lane 0, -2^60 in lane 1, ordinary ones in lane 2. `harsh: false` leaves those out, for scenarios
 * in which a norm matters.
 */
export function contributionOf(of: Scenario, lane: number, step: number, harsh: boolean): LaneContribution {
  const draws = randomStream(step, 'gradient', lane);
  const task = of.lanes[lane]?.task as string;
  const vector = (elements: number): Float32Array => {
    // Trainers give arrays that they share between threads.
    const values = new Float32Array(
      lane % 2 === 0 ? new SharedArrayBuffer(elements * 4) : new ArrayBuffer(elements * 4),
    );
    // A short random period, stretched by an index-dependent factor: fast to make, and no two blocks alike.
    const period = Float32Array.from({ length: 997 }, () => draws.uniform() * 2 - 1);
    for (let i = 0; i < elements; i++) {
      values[i] = (period[i % 997] as number) * (1 + (i % 8_191) / 1_000);
      if (harsh && i % 7 === 3 && lane < 2) values[i] = lane === 0 ? 2 ** 60 : -(2 ** 60);
    }
    return values;
  };
  return {
    lane,
    loss: draws.uniform() * 4,
    tokens: 100 + draws.below(50),
    shared: vector(of.sharedElements),
    task: vector(of.taskElements[task] as number),
  };
}

/** A contribution with one number changed. */
export function spoiled(of: LaneContribution, where: 'loss' | 'shared' | 'task', value: number): LaneContribution {
  if (where === 'loss') return { ...of, loss: value };
  const changed = of[where].slice();
  changed[Math.floor(changed.length / 2)] = value;
  return { ...of, [where]: changed };
}
