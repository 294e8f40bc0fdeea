/**
 * The best rate of a square matrix product of the engine. A graph of dependent products, so that feeding two matrices and
 * fetching one number weighs little beside them.
 */
import { openBackend, tf } from '@tributary/engine';

const job = JSON.parse(process.argv.at(-1));
const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: job.threads });
const products = 8;
const rates = [];
for (const precision of job.precisions) {
  for (const size of job.sizes) {
    const spec = { shape: [size, size], dtype: 'float32' };
    const chain = ([left, right]) => {
      let product = left;
      for (let i = 0; i < products; i++) product = tf.matMul(product, right);
      return [tf.sum(product)];
    };
    const traced = backend.trace(`matmul ${size}`, chain, [spec, spec], { precision });
    // Rows of the right matrix sum to 1, so that the products stay in range.
    const inputs = [new Float32Array(size * size).fill(0.5), new Float32Array(size * size).fill(1 / size)];
    const times = [];
    const until = performance.now() + job.seconds * 1000;
    while (performance.now() < until || times.length < 4) {
      const began = performance.now();
      await traced.run(inputs);
      times.push(performance.now() - began);
    }
    rates.push({ precision, size, gflops: (products * 2 * size ** 3) / Math.min(...times) / 1e6 });
    traced.dispose();
  }
}
process.stdout.write(`${JSON.stringify({ version: backend.version, rates })}\n`);
