import { createRequire } from 'node:module';
import nodeUtil from 'node:util';

/** The operations of TensorFlow.js. Inside a traced function use these alone. */
export type TensorFlow = typeof import('@tensorflow/tfjs');
export type Tensor = import('@tensorflow/tfjs').Tensor;

/** Resolves from this package, wherever it is hoisted; TensorFlow.js and its addon are CommonJS. */
export const requireHere = createRequire(import.meta.url);

// TensorFlow.js calls util.isNullOrUndefined, which Node 23 removed.
const util: { isNullOrUndefined?: (value: unknown) => boolean } = nodeUtil;
util.isNullOrUndefined ??= (value) => value === null || value === undefined;

/**
 * TensorFlow.js with every gradient registered and no banner. The addon and the wasm backend load only in `openBackend`.
 * Its engine state is global to the process: each run of a traced function names its own backend first.
 */
export const tf: TensorFlow = requireHere('@tensorflow/tfjs');

/**
 * Makes an initialised backend the one that operations use. Runs synchronously for a backend that has been initialised,
 * although tfjs declares it asynchronous.
 */
export function useBackend(name: string): void {
  if (tf.getBackend() === name) return;
  void tf.setBackend(name);
  if (tf.getBackend() !== name) throw new Error(`the TensorFlow.js backend "${name}" is not initialised`);
}
