import { TributaryError } from '@tributary/protocol';
import type { ComputeBackend } from '../compute-backend.js';
import type { BackendOptions } from '../open-backend.js';
import { EagerBackend } from '../eager/eager-backend.js';
import { requireHere, tf, useBackend } from '../tensorflow-js.js';

export function openTensorflow(_options: BackendOptions): ComputeBackend {
  try {
    requireHere('@tensorflow/tfjs-node-gpu');
  } catch (error) {
    throw new TributaryError('BACKEND_UNAVAILABLE', 'The TensorFlow addon did not load.', { cause: error });
  }
  useBackend('tensorflow');
  return new EagerBackend({ kind: 'tensorflow', tfjsBackend: 'tensorflow', version: tf.version_core, device: 'cpu', notice: null });
}
