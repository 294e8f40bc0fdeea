import type { EncoderSpec } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import type { Encoder } from './encoder.js';
import { recurrentEncoder } from './recurrent-encoder.js';

/**
 * The encoder that a run file asks for.
 *
 * @param inputWidth numbers at one position of its input
 */
export function createEncoder(spec: EncoderSpec, inputWidth: number): Encoder {
  if (spec.kind === 'transformer')
    throw new TributaryError('SPEC_INVALID', `Encoders of kind "${spec.kind}" cannot be built yet; choose "gru".`);
  return recurrentEncoder(spec, inputWidth);
}
