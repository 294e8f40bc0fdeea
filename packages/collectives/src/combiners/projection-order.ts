import { randomStream, shuffle } from '@tributary/random';

/** The positions 0 to n-1 without i, in the order in which task i's gradient meets them. */
export type ProjectionOrder = (i: number, n: number) => ArrayLike<number>;

/** Drawn from the stream of `seed`, `name` and `step`: the same on every worker and after every restart. */
export function drawnOrder(seed: number, name: string, step: number): ProjectionOrder {
  const stream = randomStream(seed, name, step);
  return (i, n) => {
    const others = Int32Array.from({ length: n - 1 }, (_, k) => (k < i ? k : k + 1));
    shuffle(others, stream);
    return others;
  };
}
