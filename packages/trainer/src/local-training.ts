import { createOptimizer, type Optimizer } from '@tributary/engine';
import { decayedRanges, type ElementRange, type FlatLayout } from '@tributary/layout';
import type { Lane } from '@tributary/protocol';
import type { LaneDone, RoundShare } from './compute-messages.js';
import { clipToNorm } from './gradient-clip.js';
import type { LaneGradients } from './lane-gradients.js';
import type { LaneMoments, VectorMoments } from './lane-moments.js';
import type { BatchesDone, TaskCompute } from './task-compute.js';

export interface LocalTrainingOptions {
  /** Lanes hosted here. */
  readonly lanes: readonly Lane[];
  readonly sharedLayout: FlatLayout;
  readonly taskLayout: (task: string) => FlatLayout;
  readonly optimizer: Parameters<typeof createOptimizer>;
  /** Steps of a round. */
  readonly steps: number;
  /** Largest norm of a step's shared gradient, and of its task's own; null: no limit. */
  readonly clipNorm: number | null;
}

/** What a lane works on: parameters that it moves, and a gradient. */
interface Scratch {
  readonly parameters: LaneGradients;
  readonly gradient: LaneGradients;
}

/**
 * The inner side of DiLoCo (Douillard 2023, algorithm 1) on the compute thread: a lane trains a copy of the run's parameters
 * for some steps with the run's optimizer and moments of its own. What it contributes is how far it went, as a gradient:
 * parameters before minus parameters after. A round depends on nothing but the run's state, the lane's, and the step.
 */
export class LocalTraining {
  /** By lane hosted here; on shared memory. */
  readonly moments: Readonly<Record<number, LaneMoments>>;
  readonly #optimizer: Optimizer;
  readonly #options: LocalTrainingOptions;
  readonly #scratch = new Map<string, Scratch>();
  readonly #decayed = new Map<string, ElementRange[]>();
  readonly #sharedDecayed: ElementRange[];

  constructor(options: LocalTrainingOptions) {
    this.#options = options;
    this.#optimizer = createOptimizer(...options.optimizer);
    const { lanes, sharedLayout, taskLayout } = options;
    const slots = this.#optimizer.slots.length;
    const tasks = [...new Set<string>(lanes.map(({ task }) => task))];
    const shared = sharedLayout.elements;
    const twice = (elements: number) => new Array<number>(2 * slots).fill(elements);
    // In one call, so that kernels find all vectors of an update in one memory.
    const vectors = this.#optimizer.allocate([
      shared,
      shared,
      ...tasks.flatMap((task) => [taskLayout(task).elements, taskLayout(task).elements]),
      ...lanes.flatMap(({ task }) => [...twice(shared), ...twice(taskLayout(task).elements)]),
    ]);
    const take = (count: number): Float32Array[] => vectors.splice(0, count);
    const [parameters, gradient] = take(2) as [Float32Array, Float32Array];
    for (const task of tasks) {
      const [own, ownGradient] = take(2) as [Float32Array, Float32Array];
      this.#scratch.set(task, {
        parameters: { shared: parameters, task: own },
        gradient: { shared: gradient, task: ownGradient },
      });
      this.#decayed.set(task, decayedRanges(taskLayout(task)));
    }
    this.#sharedDecayed = decayedRanges(sharedLayout);
    const moments = (): VectorMoments => [take(slots), take(slots)];
    this.moments = Object.fromEntries(lanes.map(({ lane }) => [lane, { shared: moments(), task: moments() }]));
  }

  /**
   * Trains a lane for a round; how far it went lies in its gradient vectors of the round's parity. Where a loss or a gradient
   * was not finite, neither is what it contributes: the round is skipped on every member.
   * @param round counted from 1
   * @param from the run's parameters, which the round begins with; they stay
   * @param onStep called after each step
   */
  async train(
    share: RoundShare,
    round: number,
    task: TaskCompute,
    from: Readonly<LaneGradients>,
    onStep: (done: BatchesDone) => void,
  ): Promise<LaneDone> {
    const started = performance.now();
    const { lane } = share;
    const { steps, clipNorm } = this.#options;
    const { parameters, gradient } = this.#scratch.get(task.name) as Scratch;
    parameters.shared.set(from.shared);
    parameters.task.set(from.task);
    const stepLosses = new Float64Array(steps);
    let tokens = 0;
    let dataMs = 0;
    let finite = true;
    for (let index = 0; index < steps; index++) {
      const before = (round - 1) * steps + index;
      const done = await task.gradient(share, before + 1, parameters, gradient);
      const norms = [clipToNorm(gradient.shared, clipNorm), clipToNorm(gradient.task, clipNorm)];
      finite &&= [done.loss, ...norms].every(Number.isFinite);
      this.#update(share, task.name, before, index);
      stepLosses[index] = done.loss;
      tokens += done.tokens;
      dataMs += done.dataMs;
      onStep(done);
    }
    const contribution = task.gradients(lane, round);
    subtractInto(contribution.shared, from.shared, parameters.shared);
    subtractInto(contribution.task, from.task, parameters.task);
    if (!finite) contribution.task.fill(Number.NaN);
    const loss = finite ? stepLosses.reduce((sum, value) => sum + value, 0) / steps : Number.NaN;
    const computeMs = performance.now() - started;
    return { lane, loss, tokens, computeMs, dataMs, cursor: task.cursor(lane), stepLosses };
  }

  /** The first step of a round reads the moments before it and builds those of the round beside them. */
  #update({ lane, moments: before, updates }: RoundShare, task: string, step: number, index: number): void {
    const { parameters, gradient } = this.#scratch.get(task) as Scratch;
    const moments = this.moments[lane] as LaneMoments;
    const after = before === 0 ? 1 : 0;
    const read = index === 0 ? before : after;
    for (const part of ['shared', 'task'] as const) {
      this.#optimizer.apply({
        step,
        updates: updates + index,
        parameters: parameters[part],
        gradient: gradient[part],
        state: moments[part][read],
        nextParameters: parameters[part],
        nextState: moments[part][after],
        decayed: part === 'shared' ? this.#sharedDecayed : (this.#decayed.get(task) as ElementRange[]),
      });
    }
  }
}

/** target[i] = f32(a[i] - b[i]) */
function subtractInto(target: Float32Array, a: Float32Array, b: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (a[i] as number) - (b[i] as number);
}
