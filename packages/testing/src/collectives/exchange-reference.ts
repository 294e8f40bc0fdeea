import {
  type Codec,
  type CombinerStates,
  codecNamed,
  type LaneContribution,
  type LaneResiduals,
  type StepResult,
  vectorMemory,
} from '@tributary/collectives';
import { countsOf, type Scenario } from './exchange-scenario.js';
import { blockwiseDot, gramOf, meanOf, weightedSum } from './reference-sums.js';

/** What a step must give on every member. */
export interface ReferenceStep {
  readonly shared: Float32Array;
  /** The present tasks' own gradients. */
  readonly tasks: ReadonlyMap<string, Float32Array>;
  readonly losses: readonly number[];
  readonly tokens: readonly number[];
  readonly matrices: readonly {
    readonly group: string;
    readonly gram: readonly number[];
    readonly coefficients: readonly number[];
  }[];
  readonly presentTasks: readonly number[];
  readonly norm: number;
  readonly scale: number;
  readonly nonFinite: readonly number[];
  readonly skipped: StepResult['skipped'];
  readonly combinerState: CombinerStates;
  /** By lane, after the step; none for a codec that loses nothing. */
  readonly residuals: ReadonlyMap<number, LaneResiduals>;
}

export interface ReferenceVariant {
  /** Order in which a task's lanes are added: the right one is ascending. */
  readonly laneOrder?: 'ascending' | 'descending';
  /** Order in which blocks are added: the right one is ascending. */
  readonly blockOrder?: 'ascending' | 'descending';
}

const blockLength = 65_536;
const longestCombined = 3e38;

/** An exchange computed plainly, step after step, on whole vectors in one place. */
export class ExchangeReference {
  readonly #of: Scenario;
  readonly #variant: ReferenceVariant;
  readonly #codec: Codec;
  readonly #names: readonly string[];
  #states: CombinerStates = {};
  #residuals: ReadonlyMap<number, LaneResiduals> = new Map();

  constructor(of: Scenario, variant: ReferenceVariant = {}) {
    this.#of = of;
    this.#variant = variant;
    this.#codec = codecNamed(of.codec, vectorMemory(0, 'javascript'));
    this.#names = [...new Set(of.lanes.map(({ task }) => task as string))];
    if (!this.#codec.feedback) return;
    const zeros = of.lanes.map(({ lane, task }): [number, LaneResiduals] => [
      lane,
      {
        shared: new Float32Array(of.sharedElements),
        task: this.#isSingle(task) ? null : new Float32Array(of.taskElements[task] as number),
      },
    ]);
    this.#residuals = new Map(zeros);
  }

  /** The next step, from the contributions of its present lanes. */
  step(step: number, contributions: readonly LaneContribution[]): ReferenceStep {
    const of = this.#of;
    const counts = countsOf(of, step);
    const byLane = <T>(pick: (one: LaneContribution) => T, absent: T): T[] =>
      of.lanes.map(({ lane }) => {
        const one = contributions.find((other) => other.lane === lane);
        return one === undefined ? absent : pick(one);
      });
    const presentTasks = this.#names.flatMap((name, t) =>
      of.lanes.some(({ lane, task }) => task === name && (counts[lane] as number) > 0) ? [t] : [],
    );
    const facts = {
      losses: byLane(({ loss }) => loss, Number.NaN),
      tokens: byLane(({ tokens }) => tokens, 0),
      presentTasks,
    };
    const coded = contributions.map((one) => this.#coded(one)).sort((a, b) => a.lane - b.lane);
    const nonFinite = coded.filter(({ finite }) => !finite).map(({ lane }) => lane);
    const lanesOf = (name: string): typeof coded => {
      const lanes = coded.filter(({ lane }) => of.lanes[lane]?.task === name);
      return this.#variant.laneOrder === 'descending' ? lanes.reverse() : lanes;
    };
    const present = presentTasks.map((t) => this.#names[t] as string);
    if (nonFinite.length > 0) return this.#skipped('lanes', present, { ...facts, nonFinite });

    const means = present.map((name) => meanOf(lanesOf(name).map(({ shared }) => shared)));
    const losses = present.map((name) => {
      const lanes = of.lanes.filter(({ task }) => task === name);
      return lanes.reduce((sum, { lane }) => sum + (facts.losses[lane] as number), 0) / lanes.length;
    });
    const shares = present.map((name) => counts[of.lanes.find(({ task }) => task === name)?.lane as number] as number);
    const groups = of.groups ?? [
      { name: 'all', firstBlock: 0, blockCount: Math.ceil(of.sharedElements / blockLength) },
    ];
    const size = present.length;
    const taskCount = this.#names.length;
    const states: Record<string, CombinerStates[string]> = {};
    let square = 0;
    const weighed = groups.map((group) => {
      const gram = gramOf(means, group, this.#variant.blockOrder === 'descending');
      const { weights, state } = of.combiner({
        gram: Float64Array.from(gram),
        losses: Float64Array.from(losses),
        tasks: presentTasks,
        taskCount,
        shares: Float64Array.from(shares),
        step,
        state: this.#states[group.name] ?? {},
      });
      states[group.name] = state;
      square += Math.max(
        0,
        [...weights].reduce(
          (sum, c, s) => sum + c * [...weights].reduce((row, d, t) => row + (gram[s * size + t] as number) * d, 0),
          0,
        ),
      );
      const all = new Array<number>(taskCount ** 2).fill(0);
      const coefficients = new Array<number>(taskCount).fill(0);
      for (const [s, row] of presentTasks.entries()) {
        coefficients[row] = weights[s] as number;
        for (const [t, column] of presentTasks.entries()) all[row * taskCount + column] = gram[s * size + t] as number;
      }
      return { group, weights: [...weights], matrix: { group: group.name, gram: all, coefficients } };
    });
    const norm = Math.sqrt(square);
    const scale = this.#scaleOf(norm);
    const matrices = weighed.map(({ matrix }) => matrix);
    const numbers = matrices.flatMap(({ gram, coefficients }) => [...gram, ...coefficients]);
    if (!numbers.every(Number.isFinite) || !Number.isFinite(norm) || norm * scale > longestCombined)
      return this.#skipped('combined', present, { ...facts, nonFinite, matrices, norm, scale });

    const combined = new Float32Array(of.sharedElements);
    for (const { group, weights } of weighed) {
      const from = group.firstBlock * blockLength;
      const to = Math.min(from + group.blockCount * blockLength, of.sharedElements);
      weightedSum(
        combined,
        means,
        weights.map((weight) => weight * scale),
        from,
        to,
      );
    }
    this.#states = states;
    this.#residuals = new Map([
      ...this.#residuals,
      ...coded.flatMap(({ lane, residual }): [number, LaneResiduals][] => (residual ? [[lane, residual]] : [])),
    ]);
    const tasks = new Map(
      present.map((name) => {
        const gradient = meanOf(lanesOf(name).map(({ task }) => task));
        const factor = this.#scaleOf(Math.sqrt(blockwiseDot(gradient, gradient, 0, gradient.length, false)));
        return [name, factor === 1 ? gradient : gradient.map((value) => value * factor)];
      }),
    );
    return {
      ...facts,
      shared: this.#pass(combined),
      tasks,
      matrices,
      norm,
      scale,
      nonFinite,
      skipped: null,
      combinerState: this.#states,
      residuals: this.#residuals,
    };
  }

  #isSingle(task: string): boolean {
    return this.#of.lanes.filter((lane) => lane.task === task).length === 1;
  }

  #scaleOf(norm: number): number {
    const { clipNorm } = this.#of;
    return clipNorm !== null && !(norm <= clipNorm) ? clipNorm / norm : 1;
  }

  #pass(vector: Float32Array, residual?: { before: Float32Array; after: Float32Array }): Float32Array {
    const code = new Uint8Array(this.#codec.encodedBytes(vector.length));
    this.#codec.encode(vector, code, { residual });
    const decoded = new Float32Array(vector.length);
    this.#codec.decode(code, decoded);
    return decoded;
  }

  /** A lane as its receivers see it, and what its codes leave behind. */
  #coded(one: LaneContribution) {
    const { lane, loss } = one;
    const before = this.#residuals.get(lane);
    const residual = before && {
      shared: new Float32Array(one.shared.length),
      task: before.task && new Float32Array(one.task.length),
    };
    const shared = this.#pass(one.shared, before && residual && { before: before.shared, after: residual.shared });
    const task = this.#isSingle(this.#of.lanes[lane]?.task as string)
      ? one.task
      : this.#pass(
          one.task,
          before?.task && residual?.task ? { before: before.task, after: residual.task } : undefined,
        );
    // Codes of int8 tell whether they are finite, so that no one reads the elements for it.
    const looked = this.#codec.isFinite === undefined ? one.shared : shared;
    const finite = Number.isFinite(loss) && looked.every(Number.isFinite) && task.every(Number.isFinite);
    return { lane, shared, task, residual, finite };
  }

  #skipped(
    skipped: 'lanes' | 'combined',
    present: readonly string[],
    facts: Pick<ReferenceStep, 'losses' | 'tokens' | 'presentTasks' | 'nonFinite'> &
      Partial<Pick<ReferenceStep, 'matrices' | 'norm' | 'scale'>>,
  ): ReferenceStep {
    const taskCount = this.#names.length;
    const empty = (this.#of.groups ?? [{ name: 'all' }]).map(({ name }) => ({
      group: name,
      gram: new Array<number>(taskCount ** 2).fill(0),
      coefficients: new Array<number>(taskCount).fill(0),
    }));
    return {
      matrices: empty,
      norm: Number.NaN,
      scale: 1,
      ...facts,
      shared: new Float32Array(this.#of.sharedElements),
      tasks: new Map(present.map((name) => [name, new Float32Array(this.#of.taskElements[name] as number)])),
      skipped,
      combinerState: this.#states,
      residuals: this.#residuals,
    };
  }
}
