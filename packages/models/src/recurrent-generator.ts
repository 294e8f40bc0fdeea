import type { GeneratorSpec, ModelSpec } from '@tributary/config';
import { operations, type Tensor, tf } from '@tributary/engine';
import type { ScoredStep } from './attention.js';
import { attentionOf } from './choose-attention.js';
import { cellOf } from './choose-cell.js';
import { type Draws, masked } from './draws.js';
import type { Encoded, Encoder } from './encoder.js';
import type { Generator, GeneratorPass } from './generator.js';
import type { ParameterViews } from './parameter-views.js';
import { matrix, type ParameterSpec, zeros } from './parameters.js';
import type { CellState, StateGradients } from './recurrent-cell.js';
import { join, sumOf } from './recurrent-direction.js';
import {
  averagedValues,
  bridge,
  ofAveraged,
  type RecurrentShape,
  type RecurrentStep,
  readingOf,
  recurrentStep,
  stateOf,
} from './recurrent-step.js';
import type { SequenceInput } from './sequence-input.js';

type RecurrentSpec = Extract<GeneratorSpec, { readonly kind: 'gru' | 'lstm' }>;

function parametersOf(shape: RecurrentShape, inputWidth: number): ParameterSpec[] {
  const { cell, hidden, memory, attention } = shape;
  const gates = new Array<number>(cell.gates).fill(hidden);
  const parts = new Array<number>(cell.stateParts).fill(hidden);
  return [
    matrix('bridge.weights', shape.final, parts),
    zeros('bridge.bias', [cell.stateParts * hidden]),
    ...attention.parameters,
    matrix('generator.input', inputWidth, gates, inputWidth + memory),
    { name: 'generator.bias', shape: [cell.gates * hidden], initial: cell.bias(hidden) },
    matrix('generator.context', memory, gates, inputWidth + memory),
    // The gates' recurrent weights and the attention's query share one product.
    matrix('generator.state', hidden, attention.queryWidth === 0 ? gates : [...gates, attention.queryWidth]),
  ];
}

/** A recurrent layer that reads the source by attention at every step. It puts out its state and what it has read. */
export function recurrentGenerator(
  spec: RecurrentSpec,
  attentionSpec: ModelSpec['attention'],
  encoder: Encoder,
  inputWidth: number,
): Generator {
  const { hidden } = spec;
  const memory = encoder.memoryWidth;
  const shape: RecurrentShape = {
    cell: cellOf(spec.kind),
    hidden,
    memory,
    final: encoder.finalWidth,
    attention: attentionOf(attentionSpec, { memory, hidden }),
    average: attentionSpec.average,
  };
  return {
    parameters: parametersOf(shape, inputWidth),
    outputParts: [
      { name: 'state', width: hidden },
      { name: 'context', width: memory },
    ],
    tiesOutput: false,
    fixedTensors: 2,
    carriesPositions: false,
    pass: (parameters, input, encoded, draws) => pass(shape, spec.dropout, parameters, input, encoded, draws),
    begin: (parameters, encoded) => ({
      fixed: [averagedValues(shape, encoded.memory), shape.attention.keys(parameters, encoded.memory)],
      carried: stateOf(shape, bridge(parameters, encoded.final)),
    }),
    resume(parameters, sourceMask, fixed) {
      const [values, keys] = fixed as [Tensor, Tensor];
      const read = readingOf(shape, parameters, values, keys, sourceMask);
      return (input, carried) => {
        const projected = input.project(parameters('generator.input'), parameters('generator.bias'));
        const { cell, context, weights } = recurrentStep(shape, parameters, read, projected, carried);
        return { outputs: [cell.state[0] as Tensor, context], carried: cell.state, attention: weights };
      };
    },
  };
}

function pass(
  shape: RecurrentShape,
  rate: number,
  parameters: ParameterViews,
  sequence: SequenceInput,
  encoded: Encoded,
  draws: Draws | null,
): GeneratorPass {
  const { attention, cell, hidden, memory: memoryUnits } = shape;
  const { batch, length } = sequence;
  const rows = length * batch;
  const inputDropout = draws?.mask([rows, sequence.width], rate);
  const projection = sequence.project(parameters('generator.input'), parameters('generator.bias'), inputDropout);
  const inputs = tf.unstack(tf.reshape(projection.projected, [length, batch, cell.gates * hidden]), 0);
  const values = averagedValues(shape, encoded.memory);
  const read = readingOf(shape, parameters, values, attention.keys(parameters, encoded.memory), encoded.mask);
  const first = bridge(parameters, encoded.final);
  const steps: RecurrentStep[] = [];
  let state: CellState = stateOf(shape, first);
  for (const input of inputs) {
    const step = recurrentStep(shape, parameters, read, input, state);
    steps.push(step);
    state = step.cell.state;
  }
  const all = (tensor: (step: RecurrentStep) => Tensor | undefined): Tensor =>
    tf.concat(
      steps.map((step) => tensor(step) as Tensor),
      0,
    );
  const states = all((step) => step.cell.state[0]);
  const contexts = all((step) => step.context);
  const dropouts = [hidden, memoryUnits].map((width) => draws?.mask([rows, width], rate));

  return {
    outputs: [masked(states, dropouts[0]), masked(contexts, dropouts[1])],
    backward(ofOutputs) {
      const [ofStates, ofContexts] = ofOutputs.map((gradient, part) =>
        tf.unstack(tf.reshape(masked(gradient, dropouts[part]), [length, batch, gradient.shape[1] as number]), 0),
      ) as [Tensor[], Tensor[]];
      const backThroughState = operations.transposedFactor(parameters('generator.state'));
      const backThroughContext = operations.transposedFactor(parameters('generator.context'));
      const ofInputs: Tensor[] = new Array(length);
      const ofProducts: Tensor[] = new Array(length);
      const ofReads: Tensor[] = new Array(length);
      const scored: ScoredStep[] = new Array(length);
      let carried: StateGradients = [];
      for (let t = length - 1; t >= 0; t--) {
        const { cell: cellStep, weights, score } = steps[t] as RecurrentStep;
        const gradient = cellStep.backward([sumOf(ofStates[t], carried[0]), ...carried.slice(1)]);
        const ofInput = gradient.input;
        const ofContext = tf.add(ofContexts[t] as Tensor, backThroughContext(ofInput));
        const ofWeights = tf.reshape(
          tf.matMul(read.values, tf.reshape(ofContext, [batch, memoryUnits, 1])),
          weights.shape,
        );
        const product = tf.mul(weights, ofWeights);
        const ofScores = tf.expandDims(tf.sub(product, tf.mul(weights, tf.sum(product, 1, true))), 2);
        const scoreGradient = score.backward(ofScores);
        const joined = attention.queryWidth > 0;
        const ofProduct = join(joined ? [...gradient.products, scoreGradient.query] : gradient.products, 1);
        ofInputs[t] = ofInput;
        ofProducts[t] = ofProduct;
        ofReads[t] = ofContext;
        scored[t] = { kept: score.kept, ofKept: scoreGradient.ofKept, ofScores };
        const [own, ...rest] = gradient.previous;
        const direct = joined ? own : sumOf(own, scoreGradient.query);
        carried = [sumOf(direct, backThroughState(ofProduct)), ...rest];
      }

      const ofInput = tf.concat(ofInputs, 0);
      const ofProjection = projection.backward(ofInput);
      const ofAttention = read.scorer.backward(encoded.memory, scored);
      const ofBridge = tf.mul(join(carried as Tensor[], 1), tf.sub(1, tf.square(first)));
      const previous = all((step) => step.cell.previous[0]);
      // Each step reads the memory by its weights: their products with the contexts' gradients, summed in one product.
      const ofValues = tf.matMul(
        tf.stack(
          steps.map((step) => step.weights),
          2,
        ),
        tf.stack(ofReads, 1),
      );
      return {
        parameters: new Map<string, Tensor>([
          ...ofAttention.parameters,
          ['bridge.weights', tf.matMul(encoded.final, ofBridge, true, false)],
          ['bridge.bias', tf.sum(ofBridge, 0)],
          ['generator.input', ofProjection.weights],
          ['generator.bias', ofProjection.bias],
          ['generator.context', tf.matMul(contexts, ofInput, true, false)],
          ['generator.state', tf.matMul(previous, tf.concat(ofProducts, 0), true, false)],
        ]),
        memory: tf.add(ofAveraged(shape, values, ofValues), ofAttention.memory),
        final: operations.timesTransposed(ofBridge, parameters('bridge.weights')),
      };
    },
  };
}
