import { createHash } from 'node:crypto';
import { openBackend } from '../open-backend.js';
import { layerNorm } from '../operations/layer-norm.js';
import { randomMask } from '../operations/random-mask.js';
import { sparseCrossEntropy } from '../operations/sparse-cross-entropy.js';
import type { Tensor } from '../tensorflow-js.js';
import { drawInputs, float, int } from './operation-cases.js';

/** A program of its own: prints the hash of what the engine's operations give at a model's sizes. Argument: threads. */
const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: Number(process.argv[2]) });
const [rows, width] = [2048, 256];
const matrix = float([rows, width]);
const inputs = [matrix, float([width]), float([width]), matrix, int([rows], width), int([3], 1000)];
const traced = backend.trace(
  'operations',
  (given) => {
    const [x, gain, bias, gradient, labels, draw] = given as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const norm = layerNorm(x, gain, bias, 1e-5);
    const ofNorm = norm.backward(gradient);
    const entropy = sparseCrossEntropy(x, labels, 0.1);
    const mask = randomMask(draw, 1, [rows, width], 0.1);
    return [norm.output, ofNorm.x, ofNorm.gain, ofNorm.bias, entropy.loss, entropy.gradient, mask];
  },
  inputs,
);
const hash = createHash('sha256');
for (const values of await traced.run(drawInputs('operations', inputs))) {
  hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
console.log(hash.digest('hex'));
backend.dispose();
