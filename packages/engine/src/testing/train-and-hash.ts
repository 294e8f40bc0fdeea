import { createHash } from 'node:crypto';
import { isMainThread, Worker } from 'node:worker_threads';
import { type BackendOptions, openBackend } from '../open-backend.js';
import { applyEnvironment, backendEnvironment } from '../tensorflow/environment.js';
import { sequenceFunction } from './sequence-function.js';

/**
 * A program of its own: trains the sequence function for some steps and prints the loss and the parameters' hash.
 * Arguments: backend, threads, `main` or `worker` (which kind of thread computes), precision, and
 * `small` for a small model.
 */
const [prefer, threads, place, precision, size] = process.argv.slice(2) as [
  BackendOptions['prefer'],
  string,
  'main' | 'worker',
  'float32' | 'bf16',
  'small' | undefined,
];
const options = { prefer, device: 'cpu', threads: Number(threads) };

if (place === 'worker' && isMainThread) {
  applyEnvironment(backendEnvironment(options));
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
} else {
  const backend = await openBackend(options);
  const { fn, inputs, draw, parameters } = sequenceFunction(
    size === 'small'
      ? { vocabulary: 20, width: 16, batch: 4, length: 2 }
      : { vocabulary: 50, width: 96, batch: 48, length: 4 },
  );
  const step = backend.trace('step', fn, inputs, { precision });
  const [flat, source, target] = draw(3) as [Float32Array, Int32Array, Int32Array];
  const gradient = new Float32Array(new SharedArrayBuffer(4 * parameters));
  let loss = 0;
  for (let k = 0; k < 6; k++) {
    const [value] = await step.run([flat, source, target], [undefined, gradient]);
    loss = value?.[0] as number;
    gradient.forEach((g, i) => {
      flat[i] = (flat[i] as number) - 0.5 * g;
    });
  }
  const hash = createHash('sha256').update(new Uint8Array(flat.buffer)).digest('hex');
  console.log(JSON.stringify({ kind: backend.kind, notice: backend.notice, loss, hash }));
  backend.dispose();
}
