import { type RandomStream, randomStream } from '@tributary/random';
import type { CombinerInput, CombinerState } from '../combiner.js';

export type Vectors = readonly (readonly number[])[];

export const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

export const length = (a: readonly number[]): number => Math.sqrt(inner(a, a));

/** Gradients that partly share, partly oppose a direction; their lengths are spread over `decades` decades. */
export function gradients(count: number, trial: number, decades = 2, dimension = 20): Vectors {
  const stream = randomStream(7, 'gradients', count, trial);
  const vector = (of: RandomStream) => Array.from({ length: dimension }, () => of.normal());
  const common = vector(stream);
  return Array.from({ length: count }, () => {
    const share = (stream.uniform() - 0.5) * 3;
    const scale = 10 ** (decades * (stream.uniform() - 0.5));
    return vector(stream).map((value, i) => scale * (value + share * (common[i] as number)));
  });
}

export const gramOf = (vectors: Vectors): Float64Array =>
  Float64Array.from(vectors.flatMap((a) => vectors.map((b) => inner(a, b))));

/** Σ wᵢ vᵢ. */
export function combined(vectors: Vectors, weights: ArrayLike<number>): number[] {
  return (vectors[0] as readonly number[]).map((_, d) =>
    vectors.reduce((sum, vector, i) => sum + (weights[i] as number) * (vector[d] as number), 0),
  );
}

/** Cases of 2 to 8 tasks. */
export const cases: readonly Vectors[] = Array.from({ length: 7 * 12 }, (_, k) => gradients(2 + (k % 7), k));

export function inputOf(
  vectors: Vectors,
  losses: readonly number[],
  more: {
    readonly tasks?: readonly number[];
    readonly taskCount?: number;
    readonly state?: CombinerState;
    readonly step?: number;
  } = {},
): CombinerInput {
  const tasks = more.tasks ?? vectors.map((_, i) => i);
  return {
    gram: gramOf(vectors),
    losses: Float64Array.from(losses),
    tasks,
    taskCount: more.taskCount ?? vectors.length,
    shares: new Float64Array(vectors.length).fill(1),
    step: more.step ?? 1,
    state: more.state ?? {},
  };
}

/** Losses 1, 2, 3, … */
export const ascending = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
