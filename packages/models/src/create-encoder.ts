import type { EncoderSpec } from '@tributary/config';
import type { Encoder } from './encoder.js';
import { recurrentEncoder } from './recurrent-encoder.js';
import { transformerEncoder } from './transformer-encoder.js';

/**
 * The encoder that a run file asks for.
 *
 * @param inputWidth numbers at one position of its input
 */
export function createEncoder(spec: EncoderSpec, inputWidth: number): Encoder {
  return spec.kind === 'transformer' ? transformerEncoder(spec, inputWidth) : recurrentEncoder(spec, inputWidth);
}
