import type { LaneContribution } from '@tributary/collectives';
import type { Scenario } from './exchange-scenario.js';

/** What a step must give on every member, computed plainly on whole vectors in one place. */
export interface ReferenceStep {
  readonly shared: Float32Array;
  readonly tasks: ReadonlyMap<string, Float32Array>;
  readonly losses: number[];
  readonly tokens: number[];
  readonly gram: number[];
  readonly coefficients: number[];
  readonly norm: number;
  readonly nonFinite: number[];
}

export interface ReferenceVariant {
  /** Order in which a task's lanes are added: the right one is ascending. */
  readonly laneOrder?: 'ascending' | 'descending';
  /** Order in which blocks are added: the right one is ascending. */
  readonly blockOrder?: 'ascending' | 'descending';
}

const blockLength = 65_536;

/** Eight sums by index modulo 8, then pairwise: the order that the exchange states for inner products. */
function dot(a: Float32Array, b: Float32Array, from: number, to: number): number {
  const sums = new Float64Array(8);
  for (let i = from; i < to; i++) {
    const j = (i - from) % 8;
    sums[j] = (sums[j] as number) + (a[i] as number) * (b[i] as number);
  }
  const [s0, s1, s2, s3, s4, s5, s6, s7] = sums as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7));
}

function blockwiseDot(a: Float32Array, b: Float32Array, descending: boolean): number {
  const parts: number[] = [];
  for (let from = 0; from < a.length; from += blockLength)
    parts.push(dot(a, b, from, Math.min(from + blockLength, a.length)));
  if (descending) parts.reverse();
  return parts.reduce((sum, part) => sum + part, 0);
}

function mean(vectors: readonly Float32Array[]): Float32Array {
  const result = new Float32Array((vectors[0] as Float32Array).length);
  for (let i = 0; i < result.length; i++) {
    let sum = vectors[0]?.[i] as number;
    for (const vector of vectors.slice(1)) sum += vector[i] as number;
    result[i] = sum / vectors.length;
  }
  return result;
}

const isFiniteLane = (one: LaneContribution): boolean =>
  Number.isFinite(one.loss) && one.shared.every(Number.isFinite) && one.task.every(Number.isFinite);

export function referenceStep(
  of: Scenario,
  contributions: readonly LaneContribution[],
  variant: ReferenceVariant = {},
): ReferenceStep {
  const names = [...new Set(of.lanes.map(({ task }) => task as string))];
  const lanesOf = (name: string): LaneContribution[] => {
    const lanes = contributions.filter(({ lane }) => of.lanes[lane]?.task === name).sort((x, y) => x.lane - y.lane);
    return variant.laneOrder === 'descending' ? lanes.reverse() : lanes;
  };
  const losses = of.lanes.map(({ lane }) => contributions.find((one) => one.lane === lane)?.loss as number);
  const tokens = of.lanes.map(({ lane }) => contributions.find((one) => one.lane === lane)?.tokens as number);
  const nonFinite = contributions.filter((one) => !isFiniteLane(one)).map(({ lane }) => lane as number);
  if (nonFinite.length > 0)
    return {
      shared: new Float32Array(of.sharedElements),
      tasks: new Map(names.map((name) => [name, new Float32Array(of.taskElements[name] as number)])),
      losses,
      tokens,
      gram: new Array<number>(names.length ** 2).fill(0),
      coefficients: new Array<number>(names.length).fill(0),
      norm: Number.NaN,
      nonFinite: nonFinite.sort((a, b) => a - b),
    };
  const means = names.map((name) => mean(lanesOf(name).map(({ shared }) => shared)));
  const descending = variant.blockOrder === 'descending';
  const gram = means.flatMap((g, s) => means.map((h, t) => (s <= t ? blockwiseDot(g, h, descending) : Number.NaN)));
  const size = names.length;
  for (let s = 0; s < size; s++) for (let t = 0; t < s; t++) gram[s * size + t] = gram[t * size + s] as number;
  const weights = names.map((name) => of.taskWeights[name] as number);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const coefficients = weights.map((weight) => weight / total);
  const square = coefficients.reduce(
    (sum, c, s) => sum + c * coefficients.reduce((row, d, t) => row + (gram[s * size + t] as number) * d, 0),
    0,
  );
  const norm = Math.sqrt(square);
  const scaleOf = (length: number): number => (of.clipNorm !== null && length > of.clipNorm ? of.clipNorm / length : 1);
  const scaled = coefficients.map((c) => c * scaleOf(norm));
  const shared = new Float32Array(of.sharedElements);
  for (let i = 0; i < shared.length; i++) {
    let sum = (scaled[0] as number) * (means[0]?.[i] as number);
    for (let t = 1; t < size; t++) sum += (scaled[t] as number) * (means[t]?.[i] as number);
    shared[i] = sum;
  }
  const tasks = new Map(
    names.map((name) => {
      const gradient = mean(lanesOf(name).map(({ task }) => task));
      const scale = scaleOf(Math.sqrt(blockwiseDot(gradient, gradient, false)));
      return [name, scale === 1 ? gradient : gradient.map((value) => value * scale)];
    }),
  );
  return { shared, tasks, losses, tokens, gram, coefficients, norm, nonFinite };
}
