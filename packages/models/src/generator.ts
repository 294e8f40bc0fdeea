import type { ModelSpec } from '@tributary/config';
import { type Tensor, tf } from '@tributary/engine';
import { type Attention, attentionWeights, type Score, type ScoredStep, scoreBias } from './attention.js';
import { attentionOf } from './choose-attention.js';
import { type Encoded, memoryWidth, type RecurrentEncoderSpec } from './encoder.js';
import { type CellStep, cellStep, cellStepGradients } from './gru-cell.js';
import type { ParameterViews } from './parameter-views.js';
import { matrix, type ParameterSpec, zeros } from './parameters.js';
import { projectTokens } from './token-projection.js';

/** Shape of one task's generator. */
export interface GeneratorShape {
  readonly hidden: number;
  readonly memory: number;
  readonly vocabulary: number;
  readonly attention: Attention;
}

export function generatorShape(
  model: ModelSpec,
  encoder: RecurrentEncoderSpec,
  hidden: number,
  vocabulary: number,
): GeneratorShape {
  const memory = memoryWidth(encoder);
  return { hidden, memory, vocabulary, attention: attentionOf(model.attention, { memory, hidden }) };
}

export function generatorParameters(shape: GeneratorShape, embeddingSize: number): ParameterSpec[] {
  const { hidden, memory, vocabulary, attention } = shape;
  const gates = [hidden, hidden, hidden];
  return [
    matrix('bridge.weights', memory, [hidden]),
    zeros('bridge.bias', [hidden]),
    ...attention.parameters,
    matrix('generator.input', embeddingSize, gates, embeddingSize + memory),
    zeros('generator.bias', [3 * hidden]),
    matrix('generator.context', memory, gates, embeddingSize + memory),
    // The gates' recurrent weights and the attention's query share one product.
    matrix('generator.state', hidden, attention.queryWidth === 0 ? gates : [...gates, attention.queryWidth]),
    matrix('output.state', hidden, [vocabulary], hidden + memory),
    matrix('output.context', memory, [vocabulary], hidden + memory),
    zeros('output.bias', [vocabulary]),
  ];
}

/** The generator's first state: tanh of a linear map of the encoder's final states, f32[B, H]. */
export const bridge = (parameters: ParameterViews, final: Tensor): Tensor =>
  tf.tanh(tf.add(tf.matMul(final, parameters('bridge.weights')), parameters('bridge.bias')));

/** What the generator reads of its source at every step. */
export interface Reading {
  /** f32[B, S, C] */
  readonly memory: Tensor;
  /** f32[B, S, K] */
  readonly keys: Tensor;
  /** f32[B, S] */
  readonly mask: Tensor;
  readonly bias: Tensor;
}

export const reading = (memory: Tensor, keys: Tensor, mask: Tensor): Reading => ({
  memory,
  keys,
  mask,
  bias: scoreBias(mask),
});

export interface GeneratorStep {
  readonly cell: CellStep;
  /** f32[B, C] */
  readonly context: Tensor;
  /** f32[B, S] */
  readonly weights: Tensor;
  readonly score: Score;
}

/**
 * One step: attend with the previous state, then advance it on the embedded symbol and the context.
 *
 * @param input embedded symbol times the input weights, f32[B, 3H]
 * @param previous f32[B, H]
 */
export function generatorStep(
  shape: GeneratorShape,
  parameters: ParameterViews,
  read: Reading,
  input: Tensor,
  previous: Tensor,
): GeneratorStep {
  const { attention, hidden, memory } = shape;
  const [batch, length] = read.mask.shape as [number, number];
  const products = tf.split(
    tf.matMul(previous, parameters('generator.state')),
    [hidden, hidden, hidden, ...(attention.queryWidth === 0 ? [] : [attention.queryWidth])],
    1,
  ) as [Tensor, Tensor, Tensor, Tensor?];
  const score = attention.score(parameters, read.keys, products[3] ?? previous);
  const weights = attentionWeights(score.scores, read.mask, read.bias);
  const context = tf.reshape(tf.matMul(tf.reshape(weights, [batch, 1, length]), read.memory), [batch, memory]);
  const gates = tf.add(input, tf.matMul(context, parameters('generator.context')));
  const cell = cellStep(gates, [products[0], products[1], products[2]], previous, undefined);
  return { cell, context, weights, score };
}

export interface GeneratorPass {
  /** f32[T * B, V], time-major */
  readonly logits: Tensor;
  /** @param ofLogits f32[T * B, V] */
  backward(ofLogits: Tensor): {
    /** Gradients of the generator's parameters, and of the embedding table (under the name `table`). */
    readonly parameters: Map<string, Tensor>;
    readonly memory: Tensor;
    readonly final: Tensor;
  };
}

/**
 * Teacher forcing over a whole batch. All outputs are projected to the vocabulary in one product after the loop.
 *
 * @param table f32[V, E]
 * @param inputs symbols fed at each step, i32[T, B]
 */
export function generatorPass(
  shape: GeneratorShape,
  parameters: ParameterViews,
  table: Tensor,
  encoded: Encoded,
  inputs: Tensor,
): GeneratorPass {
  const { attention, hidden, memory: memoryUnits } = shape;
  const [length, batch] = inputs.shape as [number, number];
  const rows = length * batch;
  const projection = projectTokens(
    tf.reshape(inputs, [rows]),
    table,
    parameters('generator.input'),
    parameters('generator.bias'),
  );
  const embedded = tf.unstack(tf.reshape(projection.projected, [length, batch, 3 * hidden]), 0);
  const read = reading(encoded.memory, attention.keys(parameters, encoded.memory), encoded.mask);
  const first = bridge(parameters, encoded.final);
  const steps: GeneratorStep[] = [];
  let state = first;
  for (const input of embedded) {
    const step = generatorStep(shape, parameters, read, input, state);
    steps.push(step);
    state = step.cell.state;
  }
  const states = tf.concat(
    steps.map((step) => step.cell.state),
    0,
  );
  const contexts = tf.concat(
    steps.map((step) => step.context),
    0,
  );

  return {
    logits: outputLogits(parameters, states, contexts),
    backward(ofLogits) {
      const unstack = (gradient: Tensor, width: number): Tensor[] =>
        tf.unstack(tf.reshape(gradient, [length, batch, width]), 0);
      const ofStates = unstack(tf.matMul(ofLogits, parameters('output.state'), false, true), hidden);
      const ofContexts = unstack(tf.matMul(ofLogits, parameters('output.context'), false, true), memoryUnits);
      const stateWeights = parameters('generator.state');
      const contextWeights = parameters('generator.context');
      const ofInputs: Tensor[] = new Array(length);
      const ofProducts: Tensor[] = new Array(length);
      const ofReads: Tensor[] = new Array(length);
      const scored: ScoredStep[] = new Array(length);
      let carried: Tensor | undefined;
      for (let t = length - 1; t >= 0; t--) {
        const { cell, weights, score } = steps[t] as GeneratorStep;
        const own = ofStates[t] as Tensor;
        const gradient = cellStepGradients(cell, carried ? tf.add(own, carried) : own);
        const [xr, xu, xn] = gradient.input;
        const ofInput = tf.concat([xr, xu, xn], 1);
        const ofContext = tf.add(ofContexts[t] as Tensor, tf.matMul(ofInput, contextWeights, false, true));
        const ofWeights = tf.reshape(
          tf.matMul(read.memory, tf.reshape(ofContext, [batch, memoryUnits, 1])),
          weights.shape,
        );
        const product = tf.mul(weights, ofWeights);
        const ofScores = tf.expandDims(tf.sub(product, tf.mul(weights, tf.sum(product, 1, true))), 2);
        const scoreGradient = score.backward(ofScores);
        const direct = attention.queryWidth === 0 ? tf.add(gradient.previous, scoreGradient.query) : gradient.previous;
        const ofProduct = tf.concat(
          [xr, xu, gradient.recurrentCandidate, ...(attention.queryWidth === 0 ? [] : [scoreGradient.query])],
          1,
        );
        ofInputs[t] = ofInput;
        ofProducts[t] = ofProduct;
        ofReads[t] = ofContext;
        scored[t] = { kept: score.kept, ofKept: scoreGradient.ofKept, ofScores };
        carried = tf.add(direct, tf.matMul(ofProduct, stateWeights, false, true));
      }

      const ofInput = tf.concat(ofInputs, 0);
      const ofToken = projection.backward(ofInput);
      const ofAttention = attention.backward(parameters, encoded.memory, scored);
      const ofBridge = tf.mul(carried as Tensor, tf.sub(1, tf.square(first)));
      const previous = tf.concat(
        steps.map((step) => step.cell.previous),
        0,
      );
      // Each step reads the memory by its weights: their products with the contexts' gradients, summed in one product.
      const ofMemory = tf.matMul(
        tf.stack(
          steps.map((step) => step.weights),
          2,
        ),
        tf.stack(ofReads, 1),
      );
      return {
        parameters: new Map<string, Tensor>([
          ...ofAttention.parameters,
          ['table', ofToken.table],
          ['bridge.weights', tf.matMul(encoded.final, ofBridge, true, false)],
          ['bridge.bias', tf.sum(ofBridge, 0)],
          ['generator.input', ofToken.weights],
          ['generator.bias', ofToken.bias],
          ['generator.context', tf.matMul(contexts, ofInput, true, false)],
          ['generator.state', tf.matMul(previous, tf.concat(ofProducts, 0), true, false)],
          ['output.state', tf.matMul(states, ofLogits, true, false)],
          ['output.context', tf.matMul(contexts, ofLogits, true, false)],
          ['output.bias', tf.sum(ofLogits, 0)],
        ]),
        memory: tf.add(ofMemory, ofAttention.memory),
        final: tf.matMul(ofBridge, parameters('bridge.weights'), false, true),
      };
    },
  };
}

/** f32[N, V] of states f32[N, H] and contexts f32[N, C]. */
export const outputLogits = (parameters: ParameterViews, states: Tensor, contexts: Tensor): Tensor =>
  tf.add(
    tf.add(tf.matMul(states, parameters('output.state')), tf.matMul(contexts, parameters('output.context'))),
    parameters('output.bias'),
  );
