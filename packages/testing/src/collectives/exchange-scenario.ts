import { type ExchangeOptions, type LaneContribution, weightedCombiner } from '@tributary/collectives';
import type { Lane, LaneIndex, Member, MemberIndex, TaskName, WorkerId } from '@tributary/protocol';
import { randomStream } from '@tributary/random';

/** Lanes, sizes and weights of an exchange, without a placement. */
export interface Scenario {
  readonly lanes: readonly Lane[];
  readonly taskWeights: Readonly<Record<string, number>>;
  readonly sharedElements: number;
  readonly taskElements: Readonly<Record<string, number>>;
  readonly clipNorm: number | null;
}

/** Five lanes of three tasks: `a` has three replicas, `b` and `c` one each. */
export function scenario(sharedElements: number, clipNorm: number | null): Scenario {
  const tasks = ['a', 'a', 'a', 'b', 'c'];
  return {
    lanes: tasks.map((task, lane) => ({
      lane: lane as LaneIndex,
      task: task as TaskName,
      replica: task === 'a' ? lane : 0,
      replicas: task === 'a' ? 3 : 1,
    })),
    taskWeights: { a: 1, b: 0.3, c: 2.2 },
    sharedElements,
    taskElements: { a: 70_001, b: 5, c: 1_025 },
    clipNorm,
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
  const { taskWeights, ...agreed } = of;
  const weights = [...new Set(of.lanes.map(({ task }) => task as string))].map((task) => taskWeights[task] as number);
  return {
    ...agreed,
    self,
    members: membersOf(placement),
    codec: 'fp32',
    combiner: weightedCombiner(weights),
    combinerName: `weighted ${weights.join(' ')}`,
    quietMs: 30,
  };
}

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
