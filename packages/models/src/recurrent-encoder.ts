import type { EncoderSpec } from '@tributary/config';
import { operations, type Tensor, tf } from '@tributary/engine';
import { cellOf } from './choose-cell.js';
import { masked } from './draws.js';
import type { Encoder } from './encoder.js';
import { matrix, type ParameterSpec } from './parameters.js';
import type { StateGradients } from './recurrent-cell.js';
import { type DirectionPass, directionPass, join } from './recurrent-direction.js';
import type { InputProjection } from './sequence-input.js';

type RecurrentSpec = Extract<EncoderSpec, { readonly kind: 'gru' | 'lstm' }>;

/** A layer's input beyond the first: the outputs of the layer below, f32[S * B, C], and the mask of their dropout. */
interface LayerInput {
  readonly values: Tensor;
  readonly dropout: Tensor | undefined;
}

interface LayerPass {
  readonly passes: readonly DirectionPass[];
  /** undefined: the first layer, which reads the sequence's own input. */
  readonly input: LayerInput | undefined;
}

/** Stacked recurrent layers, each in one or two directions. `final` holds the last states of the top layer. */
export function recurrentEncoder(spec: RecurrentSpec, inputWidth: number): Encoder {
  const cell = cellOf(spec.kind);
  const { hidden, layers: depth, dropout: rate } = spec;
  const directions = spec.bidirectional ? (['forward', 'backward'] as const) : (['forward'] as const);
  const memoryWidth = hidden * directions.length;
  const gates = new Array<number>(cell.gates).fill(hidden);
  const parameters: ParameterSpec[] = Array.from({ length: depth }, (_, layer) =>
    directions.flatMap((direction) => {
      const name = `encoder.${layer}.${direction}`;
      return [
        matrix(`${name}.input`, layer === 0 ? inputWidth : memoryWidth, gates),
        matrix(`${name}.recurrent`, hidden, gates),
        { name: `${name}.bias`, shape: [cell.gates * hidden], initial: cell.bias(hidden) },
      ];
    }),
  ).flat();

  return {
    parameters,
    memoryWidth,
    finalWidth: memoryWidth * cell.stateParts,
    pass(views, sequence, draws) {
      const { batch, length, mask } = sequence;
      const rows = length * batch;
      const masks = tf.unstack(mask, 1).map((row) => tf.reshape(row, [batch, 1]));
      const layers: LayerPass[] = [];
      const inputDropout = draws?.mask([rows, sequence.width], rate);
      const projections: InputProjection[] = [];
      let input: LayerInput | undefined;
      for (let layer = 0; layer < depth; layer++) {
        const passes = directions.map((direction) => {
          const name = `encoder.${layer}.${direction}`;
          const weights = views(`${name}.input`);
          const bias = views(`${name}.bias`);
          let projected: Tensor;
          if (input === undefined) {
            const projection = sequence.project(weights, bias, inputDropout);
            projections.push(projection);
            projected = projection.projected;
          } else projected = tf.add(tf.matMul(input.values, weights), bias);
          const steps = tf.unstack(tf.reshape(projected, [length, batch, cell.gates * hidden]), 0);
          return directionPass(cell, steps, masks, views(`${name}.recurrent`), direction);
        });
        layers.push({ passes, input });
        if (layer + 1 < depth) {
          const outputs = join(
            passes.map((pass) => tf.concat([...pass.outputs], 0)),
            1,
          );
          const dropout = draws?.mask([rows, memoryWidth], rate);
          input = { values: masked(outputs, dropout), dropout };
        }
      }
      const top = (layers.at(-1) as LayerPass).passes;
      const parts = Array.from({ length: cell.stateParts }, (_, part) => part);

      return {
        mask,
        memory: join(
          top.map((pass) => tf.stack([...pass.outputs], 1)),
          2,
        ),
        final: join(
          parts.flatMap((part) => top.map((pass) => pass.final[part] as Tensor)),
          1,
        ),
        backward(ofMemory, ofFinal) {
          const gradients = new Map<string, Tensor>();
          const split = (gradient: Tensor, pieces: number, axis: number): Tensor[] =>
            pieces === 1 ? [gradient] : tf.split(gradient, pieces, axis);
          const count = directions.length;
          let ofOutputs = split(ofMemory, count, 2).map((gradient) => tf.unstack(gradient, 1));
          const pieces = ofFinal && split(ofFinal, count * parts.length, 1);
          let ofFinals: StateGradients[] = directions.map((_, index) =>
            parts.map((part) => pieces?.[part * count + index]),
          );
          for (let layer = depth - 1; layer >= 0; layer--) {
            const { passes, input: layerInput } = layers[layer] as LayerPass;
            const ofInputs: Tensor[] = [];
            passes.forEach((pass, index) => {
              const name = `encoder.${layer}.${directions[index]}`;
              const own = pass.backward(ofOutputs[index] as Tensor[], ofFinals[index] as StateGradients);
              gradients.set(`${name}.recurrent`, own.recurrent);
              if (layerInput === undefined) {
                const projection = (projections[index] as InputProjection).backward(own.input);
                gradients.set(`${name}.input`, projection.weights);
                gradients.set(`${name}.bias`, projection.bias);
              } else {
                gradients.set(`${name}.input`, tf.matMul(layerInput.values, own.input, true, false));
                gradients.set(`${name}.bias`, tf.sum(own.input, 0));
                ofInputs.push(operations.timesTransposed(own.input, views(`${name}.input`)));
              }
            });
            if (layerInput === undefined) break;
            const ofInput = ofInputs.length === 1 ? (ofInputs[0] as Tensor) : tf.addN(ofInputs);
            ofOutputs = split(masked(ofInput, layerInput.dropout), count, 1).map((gradient) =>
              tf.unstack(tf.reshape(gradient, [length, batch, hidden]), 0),
            );
            ofFinals = directions.map(() => parts.map(() => undefined));
          }
          return gradients;
        },
      };
    },
  };
}
