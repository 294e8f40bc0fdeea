import { TributaryError } from '@tributary/protocol';
import { requireHere, tf, useBackend } from '../tensorflow-js.js';
import type { NodeBackend } from './binding.js';
import { applyEnvironment, backendEnvironment } from './environment.js';
import { explainLoadError } from './explain-gpu.js';

let loadedWith: Readonly<Record<string, string>> | undefined;

/**
 * Loads TensorFlow and gives its tfjs backend. The library takes thread counts and device from the environment as it
 * loads, so one process has one setting.
 */
export function loadAddon(options: { readonly device: string; readonly threads: number }): NodeBackend {
  const variables = backendEnvironment(options);
  for (const [name, value] of Object.entries(loadedWith ?? {})) {
    if (variables[name] === value) continue;
    throw new TributaryError(
      'BACKEND_UNAVAILABLE',
      `TensorFlow is already loaded in this process with ${name}=${value}: use another process for ${variables[name]}.`,
    );
  }
  if (loadedWith === undefined) {
    applyEnvironment(variables);
    try {
      requireHere('@tensorflow/tfjs-node-gpu');
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.trim() ?? '';
      const { cause, remedy } = explainLoadError(reason);
      throw new TributaryError(
        'BACKEND_UNAVAILABLE',
        `TensorFlow does not load, since ${cause} (${reason}): ${remedy}.`,
        { cause: error },
      );
    }
    loadedWith = variables;
  }
  useBackend('tensorflow');
  return tf.backend() as unknown as NodeBackend;
}
