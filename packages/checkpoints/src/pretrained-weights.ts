import { TributaryError } from '@tributary/protocol';
import { decodeSafetensors, type SafetensorsContent } from './safetensors.js';

/**
 * Reads a safetensors file of weights from anywhere; 16-bit floats become float32.
 * @param path names the file in errors.
 * @throws TributaryError `DATA_INVALID` saying what is wrong with it
 */
export function decodeWeights(bytes: Uint8Array, path: string): SafetensorsContent {
  const corrupt = (what: string): TributaryError =>
    new TributaryError(
      'DATA_INVALID',
      `init.from.file: ${path} is not a safetensors file that can be read: ${what}; give another one.`,
    );
  return decodeSafetensors(bytes, path, { corrupt, widen: true });
}
