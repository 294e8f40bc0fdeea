import type { EncoderSpec } from '@tributary/config';
import { type Tensor, tf } from '@tributary/engine';
import { type DirectionPass, directionPass } from './gru-direction.js';
import type { ParameterViews } from './parameter-views.js';
import { matrix, type ParameterSpec, zeros } from './parameters.js';
import { tokenMask } from './token-mask.js';
import { projectTokens, type TokenProjection } from './token-projection.js';

/** The kinds of encoder that read symbol by symbol. */
export type RecurrentEncoderSpec = Exclude<EncoderSpec, { readonly kind: 'transformer' }>;

const directionsOf = (spec: RecurrentEncoderSpec): readonly ('forward' | 'backward')[] =>
  spec.bidirectional ? ['forward', 'backward'] : ['forward'];

/** Width of what a generator reads at each source position: the states of all directions of the top layer. */
export const memoryWidth = (spec: RecurrentEncoderSpec): number => spec.hidden * directionsOf(spec).length;

export function encoderParameters(spec: RecurrentEncoderSpec, embeddingSize: number): ParameterSpec[] {
  const gates = [spec.hidden, spec.hidden, spec.hidden];
  return Array.from({ length: spec.layers }, (_, layer) =>
    directionsOf(spec).flatMap((direction) => {
      const name = `encoder.${layer}.${direction}`;
      return [
        matrix(`${name}.input`, layer === 0 ? embeddingSize : memoryWidth(spec), gates),
        matrix(`${name}.recurrent`, spec.hidden, gates),
        zeros(`${name}.bias`, [3 * spec.hidden]),
      ];
    }),
  ).flat();
}

/** What a generator reads of the source. */
export interface Encoded {
  /** States of the top layer, f32[B, S, C]. */
  readonly memory: Tensor;
  /** Its state after each row's last (forward) and first (backward) symbol, f32[B, C]. */
  readonly final: Tensor;
  /** f32[B, S] */
  readonly mask: Tensor;
}

export interface EncoderPass extends Encoded {
  /** Gradients of the encoder's parameters and of the embedding table (under the name `table`). */
  backward(ofMemory: Tensor, ofFinal: Tensor): Map<string, Tensor>;
}

/**
 * Stacked recurrent layers, each in one or two directions, over the embedded source.
 *
 * @param source i32[B, S]; a padded position changes no state and no gradient
 * @param table f32[V, E]
 */
export function encoderPass(
  spec: RecurrentEncoderSpec,
  parameters: ParameterViews,
  table: Tensor,
  source: Tensor,
): EncoderPass {
  const [batch, length] = source.shape as [number, number];
  const directions = directionsOf(spec);
  const { hidden } = spec;
  const mask = tokenMask(source);
  const masks = tf.unstack(mask, 1).map((row) => tf.reshape(row, [batch, 1]));
  // Not a transpose: oneDNN complains about one of integers.
  const ids = tf.concat(tf.unstack(source, 1), 0);

  const layers: { readonly passes: readonly DirectionPass[]; readonly input: Tensor | undefined }[] = [];
  const projections: TokenProjection[] = [];
  let input: Tensor | undefined;
  for (let layer = 0; layer < spec.layers; layer++) {
    const passes = directions.map((direction) => {
      const name = `encoder.${layer}.${direction}`;
      const weights = parameters(`${name}.input`);
      const bias = parameters(`${name}.bias`);
      let projected: Tensor;
      if (input === undefined) {
        const projection = projectTokens(ids, table, weights, bias);
        projections.push(projection);
        projected = projection.projected;
      } else projected = tf.add(tf.matMul(input, weights), bias);
      const steps = tf.unstack(tf.reshape(projected, [length, batch, 3 * hidden]), 0);
      return directionPass(steps, masks, parameters(`${name}.recurrent`), direction);
    });
    layers.push({ passes, input });
    if (layer + 1 < spec.layers)
      input = join(
        passes.map((pass) => tf.concat([...pass.states], 0)),
        1,
      );
  }
  const top = (layers.at(-1) as (typeof layers)[number]).passes;

  return {
    mask,
    memory: join(
      top.map((pass) => tf.stack([...pass.states], 1)),
      2,
    ),
    final: join(
      top.map((pass) => pass.final),
      1,
    ),
    backward(ofMemory, ofFinal) {
      const gradients = new Map<string, Tensor>();
      const split = (gradient: Tensor, axis: number): Tensor[] =>
        directions.length === 1 ? [gradient] : tf.split(gradient, directions.length, axis);
      let ofStates = split(ofMemory, 2).map((gradient) => tf.unstack(gradient, 1));
      let ofFinals: (Tensor | undefined)[] = split(ofFinal, 1);
      for (let layer = spec.layers - 1; layer >= 0; layer--) {
        const { passes, input: layerInput } = layers[layer] as (typeof layers)[number];
        const ofInputs: Tensor[] = [];
        passes.forEach((pass, index) => {
          const name = `encoder.${layer}.${directions[index]}`;
          const own = pass.backward(ofStates[index], ofFinals[index]);
          gradients.set(`${name}.recurrent`, own.recurrent);
          if (layerInput === undefined) {
            const projection = (projections[index] as TokenProjection).backward(own.input);
            gradients.set(`${name}.input`, projection.weights);
            gradients.set(`${name}.bias`, projection.bias);
            ofInputs.push(projection.table);
          } else {
            gradients.set(`${name}.input`, tf.matMul(layerInput, own.input, true, false));
            gradients.set(`${name}.bias`, tf.sum(own.input, 0));
            ofInputs.push(tf.matMul(own.input, parameters(`${name}.input`), false, true));
          }
        });
        const ofInput = ofInputs.length === 1 ? (ofInputs[0] as Tensor) : tf.addN(ofInputs);
        if (layerInput === undefined) gradients.set('table', ofInput);
        else {
          ofStates = split(ofInput, 1).map((gradient) => tf.unstack(tf.reshape(gradient, [length, batch, hidden]), 0));
          ofFinals = directions.map(() => undefined);
        }
      }
      return gradients;
    },
  };
}

const join = (tensors: Tensor[], axis: number): Tensor =>
  tensors.length === 1 ? (tensors[0] as Tensor) : tf.concat(tensors, axis);
