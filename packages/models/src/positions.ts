import { type Tensor, tf } from '@tributary/engine';

/** Wave lengths run from 2π to this times 2π (Vaswani 2017). */
const longestWave = 10_000;

/**
 * Sinusoidal positions (Vaswani 2017): row p holds the sines, then the cosines, of p at geometric frequencies.
 *
 * Rows double by the addition theorems, from small constants: no large table lies in a graph, no backend's own sine is
 * asked for a large angle, and a position has the same bits whatever the length.
 *
 * @returns f32[length, width]
 */
export function sinusoidalPositions(length: number, width: number): Tensor {
  const half = Math.ceil(width / 2);
  const frequencies = Array.from({ length: half }, (_, index) => longestWave ** (-index / Math.max(half, 1)));
  const row = (of: (frequency: number) => number): Tensor => tf.tensor2d(Float32Array.from(frequencies, of), [1, half]);
  let sines = row(() => 0);
  let cosines = row(() => 1);
  for (let rows = 1; rows < length; rows *= 2) {
    const sine = row((frequency) => Math.sin(rows * frequency));
    const cosine = row((frequency) => Math.cos(rows * frequency));
    const [nextSines, nextCosines] = [
      tf.add(tf.mul(sines, cosine), tf.mul(cosines, sine)),
      tf.sub(tf.mul(cosines, cosine), tf.mul(sines, sine)),
    ];
    sines = tf.concat([sines, nextSines], 0);
    cosines = tf.concat([cosines, nextCosines], 0);
  }
  return tf.slice(tf.concat([sines, cosines], 1), [0, 0], [length, width]);
}
