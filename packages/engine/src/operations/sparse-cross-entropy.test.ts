import { describe, expect, it } from 'vitest';
import type { Data } from '../compute-backend.js';
import { openBackend } from '../open-backend.js';
import { type Tensor, tf } from '../tensorflow-js.js';
import { drawInputs, float, int } from '../testing/operation-cases.js';
import { sparseCrossEntropy } from './sparse-cross-entropy.js';

const [rows, vocabulary] = [12, 9];
const inputs = [float([rows, vocabulary], -5, 5), int([rows], vocabulary), float([rows], 0, 2)];

/** By definition: the product of a one-hot distribution with log-probabilities, and its derivative by TensorFlow.js. */
function byDefinition(logits: Tensor, labels: Tensor, smoothing: number, rowScale: Tensor): Tensor[] {
  const hits = tf.cast(tf.oneHot(labels as never, vocabulary), 'float32');
  const wanted = tf.add(tf.mul(hits, 1 - smoothing), smoothing / vocabulary);
  const lossOf = (x: Tensor): Tensor => tf.neg(tf.sum(tf.mul(tf.logSoftmax(x), wanted), 1));
  return [lossOf(logits), tf.grad((x) => tf.sum(tf.mul(lossOf(x), rowScale)))(logits)];
}

describe.each(['tensorflow', 'wasm', 'cpu'] as const)('sparseCrossEntropy on %s', (prefer) => {
  it.each([0, 0.1, 1])('is the cross-entropy and its gradient, smoothing %d', async (smoothing) => {
    const backend = await openBackend({ prefer, device: 'cpu', threads: 1 });
    const traced = backend.trace(
      'both',
      ([logits, labels, scale]) => {
        const [x, ids, s] = [logits as Tensor, labels as Tensor, scale as Tensor];
        const { loss, gradient } = sparseCrossEntropy(x, ids, smoothing, s);
        const unscaled = sparseCrossEntropy(x, ids, smoothing).gradient;
        const expected = byDefinition(x, ids, smoothing, s);
        const plain = byDefinition(x, ids, smoothing, tf.ones([rows]))[1] as Tensor;
        return [loss, gradient, unscaled, ...expected, plain];
      },
      inputs,
    );
    const [loss, gradient, unscaled, wantedLoss, wantedGradient, wantedUnscaled] = (await traced.run(
      drawInputs(`cross-entropy ${smoothing}`, inputs),
    )) as [Data, Data, Data, Data, Data, Data];
    for (const [got, wanted] of [
      [loss, wantedLoss],
      [gradient, wantedGradient],
      [unscaled, wantedUnscaled],
    ] as const) {
      got.forEach((value, index) => {
        expect(Math.abs(value - (wanted[index] as number))).toBeLessThan(5e-6);
      });
    }
    backend.dispose();
  });

  it('refuses a label out of range at the run that brings it', async () => {
    const backend = await openBackend({ prefer, device: 'cpu', threads: 1 });
    const traced = backend.trace(
      'labels',
      ([logits, labels]) => [sparseCrossEntropy(logits as Tensor, labels as Tensor, 0).loss],
      inputs.slice(0, 2),
    );
    const [logits, labels] = drawInputs('labels', inputs) as [Data, Data];
    for (const wrong of [vocabulary, -1]) {
      const data = Int32Array.from(labels);
      data[4] = wrong;
      await expect(traced.run([logits, data])).rejects.toThrow(
        prefer === 'tensorflow' ? /is not in \[0, 9\)/ : /Label/,
      );
    }
    expect((await traced.run([logits, labels]))[0]).toHaveLength(rows);
    backend.dispose();
  });
});

it.each(['tensorflow', 'wasm'] as const)('stays finite for extreme logits on %s', async (prefer) => {
  const backend = await openBackend({ prefer, device: 'cpu', threads: 1 });
  const specs = [float([3, 3]), int([3], 3)];
  const traced = backend.trace(
    'extreme',
    ([logits, labels]) => Object.values(sparseCrossEntropy(logits as Tensor, labels as Tensor, 0)),
    specs,
  );
  const logits = Float32Array.of(1e4, -1e4, 0, 80, 80, 80, -1e30, 0, 0);
  const [loss, gradient] = (await traced.run([logits, Int32Array.of(1, 2, 1)])) as [Data, Data];
  const wanted = [2e4, Math.log(3), Math.log(2)];
  wanted.forEach((value, row) => {
    expect(Math.abs((loss[row] as number) / value - 1)).toBeLessThan(1e-5);
  });
  expect([...gradient.slice(0, 3)]).toEqual([1, -1, 0]);
  backend.dispose();
});

it('makes no one-hot of the vocabulary in a graph', async () => {
  const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: 1 });
  const kernels: string[] = [];
  const profile = (fn: () => Tensor) => {
    const engine = tf.engine();
    const runKernel = engine.runKernel.bind(engine);
    engine.runKernel = ((name: string, ...rest: unknown[]) => {
      kernels.push(name);
      return (runKernel as (...all: unknown[]) => unknown)(name, ...rest);
    }) as never;
    try {
      return fn();
    } finally {
      engine.runKernel = runKernel;
    }
  };
  backend.trace(
    'kernels',
    ([logits, labels]) => [profile(() => sparseCrossEntropy(logits as Tensor, labels as Tensor, 0.1).gradient)],
    inputs.slice(0, 2),
  );
  expect(kernels.length).toBeGreaterThan(0);
  expect(kernels).not.toContain('OneHot');
  backend.dispose();
});
