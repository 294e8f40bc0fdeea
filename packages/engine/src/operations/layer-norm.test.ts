import { describe, expect, it } from 'vitest';
import type { Data } from '../compute-backend.js';
import { openBackend } from '../open-backend.js';
import { type Tensor, tf } from '../tensorflow-js.js';
import { drawInputs, float } from '../testing/operation-cases.js';
import { layerNorm } from './layer-norm.js';

const [rows, width] = [40, 48];
const inputs = [float([rows, width], -2, 3), float([width]), float([width]), float([rows, width])];

function byDefinition(x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  const { mean, variance } = tf.moments(x, 1, true);
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), gain), bias);
}

describe.each(['tensorflow', 'wasm', 'cpu'] as const)('layerNorm on %s', (prefer) => {
  it('is normalisation, and its backward pass the gradient', async () => {
    const backend = await openBackend({ prefer, device: 'cpu', threads: 1 });
    const traced = backend.trace(
      'both',
      (given) => {
        const [x, gain, bias, gradient] = given as [Tensor, Tensor, Tensor, Tensor];
        const { output, backward } = layerNorm(x, gain, bias, 1e-5);
        const gradients = backward(gradient);
        const wanted = tf.grads((...all: Tensor[]) =>
          tf.sum(tf.mul(byDefinition(...(all as [Tensor, Tensor, Tensor])), gradient)),
        )([x, gain, bias]);
        return [output, gradients.x, gradients.gain, gradients.bias, byDefinition(x, gain, bias), ...wanted];
      },
      inputs,
    );
    const results = await traced.run(drawInputs('layer norm', inputs));
    for (const [index, got] of results.slice(0, 4).entries()) {
      const wanted = results[index + 4] as Data;
      got.forEach((value, element) => {
        const expected = wanted[element] as number;
        expect(Math.abs(value - expected)).toBeLessThan(3e-6 * Math.max(1, Math.abs(expected)));
      });
    }
    backend.dispose();
  });
});
