import type { ParameterSpec } from './parameters.js';

/**
 * Groups of the shared parameters: `embedding`, what feeds the encoder; then each of its layers, `encoder.0`, `encoder.1`, …, the
 * last of them with what follows it.
 */
export function groupedByLayer(parameters: readonly ParameterSpec[]): ParameterSpec[] {
  let group = 'embedding';
  return parameters.map((parameter) => {
    const layer = /^encoder\.\d+(?=\.)/.exec(parameter.name)?.[0];
    if (layer !== undefined) group = layer;
    return { ...parameter, group };
  });
}
