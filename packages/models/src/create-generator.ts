import type { GeneratorSpec, ModelSpec } from '@tributary/config';
import { TributaryError } from '@tributary/protocol';
import type { Encoder } from './encoder.js';
import type { Generator } from './generator.js';
import { recurrentGenerator } from './recurrent-generator.js';

/**
 * The generator that a run file asks for, on an encoder of any kind.
 *
 * @param inputWidth numbers that are fed to it at one step
 */
export function createGenerator(
  spec: GeneratorSpec,
  model: ModelSpec,
  encoder: Encoder,
  inputWidth: number,
): Generator {
  if (spec.kind === 'transformer')
    throw new TributaryError('SPEC_INVALID', `Generators of kind "${spec.kind}" cannot be built yet; choose "gru".`);
  return recurrentGenerator(spec, model.attention, encoder, inputWidth);
}
