import type { Combiner } from './combiner.js';
import type { CombinerStates, GroupMatrix } from './exchange-options.js';
import type { ExchangePlan } from './exchange-plan.js';
import { amongAll, clipScale, combinedSquare, gramMatrix } from './gram.js';
import type { StepLanes } from './step-lanes.js';

/** Longest combined gradient: below what float32 and bfloat16 can hold, so that no element of a shorter one overflows. */
const longestCombined = 3e38;

/** What the matrices of a step lead to. A pure function of numbers that all members have: the same on each. */
export interface StepWeights {
  /** By group, over all tasks. */
  readonly matrices: readonly GroupMatrix[];
  /** By group, [P]: the clipped coefficients of the present tasks. */
  readonly scaled: readonly Float64Array[];
  /** Of the whole combined gradient before clipping: √Σ cᵀGc, groups added in order. */
  readonly norm: number;
  readonly scale: number;
  readonly states: CombinerStates;
  /** False where the combined gradient would not be finite in float32. */
  readonly usable: boolean;
}

export interface WeighingInput {
  readonly plan: ExchangePlan;
  readonly lanes: StepLanes;
  /** Inner products of all blocks, pairs of present tasks. */
  readonly blockSums: Float64Array;
  /** By lane. */
  readonly losses: Float64Array;
  readonly step: number;
  readonly combiner: Combiner;
  readonly states: CombinerStates;
  readonly clipNorm: number | null;
}

export function weighGroups(input: WeighingInput): StepWeights {
  const { plan, lanes, blockSums, step, combiner, clipNorm } = input;
  const { tasks, shares } = lanes;
  const taskCount = plan.tasks.length;
  const losses = Float64Array.from(tasks, (task) => meanLoss(plan.taskLanes[task] as readonly number[], input.losses));
  const states: Record<string, CombinerStates[string]> = {};
  let square = 0;
  let finite = true;
  const groups = plan.groups.map(({ name, firstBlock, blockCount }) => {
    const gram = gramMatrix(blockSums, tasks.length, firstBlock, blockCount);
    const before = input.states[name] ?? {};
    const { weights, state } = combiner({ gram, losses, tasks, taskCount, shares, step, state: before });
    if (weights.length !== tasks.length)
      throw new RangeError(`the combiner gave ${weights.length} weights for ${tasks.length} tasks at step ${step}`);
    states[name] = state;
    square += combinedSquare(gram, weights);
    finite = finite && gram.every(Number.isFinite) && weights.every(Number.isFinite);
    const coefficients = new Float64Array(taskCount);
    for (const [place, task] of tasks.entries()) coefficients[task] = weights[place] as number;
    return { matrix: { group: name, gram: amongAll(gram, tasks, taskCount), coefficients }, weights };
  });
  const norm = Math.sqrt(square);
  const scale = clipScale(norm, clipNorm);
  return {
    matrices: groups.map(({ matrix }) => matrix),
    scaled: groups.map(({ weights }) => weights.map((weight) => weight * scale)),
    norm,
    scale,
    states,
    usable: finite && Number.isFinite(norm) && norm * scale <= longestCombined,
  };
}

/** Lanes added in order. */
function meanLoss(lanes: readonly number[], losses: Float64Array): number {
  let sum = 0;
  for (const lane of lanes) sum += losses[lane] as number;
  return sum / lanes.length;
}

/** The sum of matrices, or the mean of coefficients, over the groups in order; those of an only group as they are. */
export function overGroups(
  matrices: readonly GroupMatrix[],
  of: 'gram' | 'coefficients',
  divisor: number,
): Float64Array {
  const [first, ...others] = matrices.map((matrix) => matrix[of]);
  if (first === undefined || others.length === 0) return first ?? new Float64Array(0);
  const total = first.slice();
  for (const other of others)
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (other[i] as number);
  return total.map((value) => value / divisor);
}

/** The weights of a step in which nothing was combined: zeros, and a norm that is NaN. */
export function emptyWeights({ groups, tasks }: ExchangePlan): StepWeights {
  return {
    matrices: groups.map(({ name }) => ({
      group: name,
      gram: new Float64Array(tasks.length ** 2),
      coefficients: new Float64Array(tasks.length),
    })),
    scaled: [],
    norm: Number.NaN,
    scale: 1,
    states: {},
    usable: false,
  };
}
