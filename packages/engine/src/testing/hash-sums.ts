import { createHash } from 'node:crypto';
import { openBackend } from '../open-backend.js';
import { type Tensor, tf } from '../tensorflow-js.js';
import { drawInputs, float } from './operation-cases.js';

/**
 * A program of its own: prints how many different results the same sums of three gave in many calls; one, if their order stands.
 * Each term is also multiplied, so that it depends on what has run already whose memory is free. Arguments: threads, calls.
 */
const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: Number(process.argv[2]) });
const size = 64;
const input = float([size, size]);
const terms = 24;
const traced = backend.trace(
  'sums',
  (given) => {
    const [x, y, z] = given as [Tensor, Tensor, Tensor];
    return Array.from({ length: terms }, (_, index) => {
      const parts = [x, y, z].map((part) => tf.tanh(tf.mul(part, 1 + index / 7)));
      const products = parts.map((part) => tf.sum(tf.matMul(part, x)));
      return tf.add(tf.addN(parts), tf.mul(tf.addN(products), 1e-20));
    });
  },
  [input, input, input],
);
const values = drawInputs('sums', [input, input, input]);
const results = new Set<string>();
for (let call = 0; call < Number(process.argv[3]); call++) {
  const hash = createHash('sha256');
  for (const output of await traced.run(values))
    hash.update(new Uint8Array(output.buffer, output.byteOffset, output.byteLength));
  results.add(hash.digest('hex'));
}
console.log(results.size);
backend.dispose();
