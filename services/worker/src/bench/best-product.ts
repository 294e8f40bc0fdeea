import { type ComputeBackend, type Tensor, tf } from '@tributary/engine';

const products = 4;

/** Milliseconds of one run of `products` products of n × n matrices, the best of several; one number comes back. */
async function bestMs(backend: ComputeBackend, size: number, longestMs: number): Promise<number> {
  const spec = { shape: [size, size], dtype: 'float32' } as const;
  const traced = backend.trace(
    `product ${size}`,
    ([a, b]) => {
      let x = a as Tensor;
      for (let i = 0; i < products; i++) x = tf.matMul(x, b as Tensor);
      return [tf.sum(x)];
    },
    [spec, spec],
  );
  // Small enough that no product overflows.
  const matrix = new Float32Array(size * size).fill(1 / size);
  const started = performance.now();
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 50; run++) {
    const before = performance.now();
    await traced.run([matrix, matrix]);
    best = Math.min(best, performance.now() - before);
    if (run > 0 && performance.now() - started > longestMs) break;
  }
  traced.dispose();
  return best;
}

/**
 * The fastest matrix product that this backend reaches here, float32, in GFLOP/s (10^9 multiplications and additions a
 * second). Larger sizes are tried until one takes too long.
 */
export async function bestProductGflops(backend: ComputeBackend, longestMs: number): Promise<number> {
  let best = 0;
  for (const size of [128, 256, 512, 1024]) {
    const started = performance.now();
    const ms = await bestMs(backend, size, longestMs);
    best = Math.max(best, (products * 2 * size ** 3) / ms / 1e6);
    // The next size takes eight times as long.
    if (8 * (performance.now() - started) > 4 * longestMs && 8 * ms > longestMs) break;
  }
  return best;
}
