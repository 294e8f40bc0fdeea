import type { GeneratorSpec, ModelSpec } from '@tributary/config';
import type { Encoder } from './encoder.js';
import type { Generator } from './generator.js';
import { recurrentGenerator } from './recurrent-generator.js';
import { transformerGenerator } from './transformer-generator.js';

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
  return spec.kind === 'transformer'
    ? transformerGenerator(spec, encoder, inputWidth)
    : recurrentGenerator(spec, model.attention, encoder, inputWidth);
}
