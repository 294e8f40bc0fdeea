import type { GeneratorSpec } from '@tributary/config';
import { type Tensor, tf } from '@tributary/engine';
import { causalBias } from './attention-heads.js';
import type { Draws } from './draws.js';
import type { Encoded, Encoder } from './encoder.js';
import { feedForward, feedForwardParameters } from './feed-forward.js';
import type { Generator, GeneratorPass } from './generator.js';
import { layerStack } from './layer-stack.js';
import type { ParameterViews } from './parameter-views.js';
import { normParameters, normPass, type PartPass, residualBranch } from './residual-branch.js';
import { selfAttention, selfAttentionParameters } from './self-attention.js';
import type { SequenceInput } from './sequence-input.js';
import { sourceAttention, sourceAttentionParameters, sourceMemory } from './source-attention.js';
import { type TransformerInput, transformerInput } from './transformer-input.js';
import { beginGeneration, type GenerationShape, resumeGeneration } from './transformer-steps.js';

type TransformerSpec = Extract<GeneratorSpec, { readonly kind: 'transformer' }>;

/**
 * Pre-norm Transformer layers with masked attention to what was generated and attention to the source (Vaswani 2017, Xiong
 * 2020). The target table, transposed, is the output matrix.
 */
export function transformerGenerator(spec: TransformerSpec, encoder: Encoder, inputWidth: number): Generator {
  const { width, heads } = spec;
  const input = transformerInput('generator.input', inputWidth, width);
  const names = Array.from({ length: spec.layers }, (_, layer) => `generator.${layer}`);
  const shape: GenerationShape = { names, heads, width, input };
  return {
    parameters: [
      ...input.parameters,
      ...names.flatMap((name) => [
        ...normParameters(`${name}.self.norm`, width),
        ...selfAttentionParameters(`${name}.self`, width),
        ...normParameters(`${name}.source.norm`, width),
        ...sourceAttentionParameters(`${name}.source`, width, encoder.memoryWidth),
        ...normParameters(`${name}.feed.norm`, width),
        ...feedForwardParameters(`${name}.feed`, width, spec.feedForward ?? 4 * width),
      ]),
      ...normParameters('generator.norm', width),
    ],
    outputParts: [{ name: 'state', width }],
    tiesOutput: true,
    fixedTensors: 2 * spec.layers,
    carriesPositions: true,
    pass: (views, sequence, encoded, draws) =>
      pass({ names, heads, width, input, rate: spec.dropout }, views, sequence, encoded, draws),
    begin: (views, encoded, room) => beginGeneration(shape, views, encoded, room),
    resume: (views, sourceMask, fixed) => resumeGeneration(shape, views, sourceMask, fixed),
  };
}

interface PassShape {
  readonly names: readonly string[];
  readonly heads: number;
  readonly width: number;
  readonly input: TransformerInput;
  readonly rate: number;
}

function pass(
  { names, heads, width, input, rate }: PassShape,
  views: ParameterViews,
  sequence: SequenceInput,
  encoded: Encoded,
  draws: Draws | null,
): GeneratorPass {
  const { batch, length } = sequence;
  const shape = { batch, length, heads, width };
  const drop = (): Tensor | undefined => draws?.mask([batch * length, width], rate);
  const bias = causalBias(batch, length);
  const memory = sourceMemory(encoded);
  const first = input.pass(views, sequence, draws, rate);
  const stack = layerStack(first.rows);
  const branch = (name: string, part: (normal: Tensor) => PartPass): void =>
    stack.add((rows) => residualBranch(views, name, rows, part, drop()));
  for (const name of names) {
    branch(`${name}.self`, (normal) => selfAttention(views, `${name}.self`, shape, normal, bias));
    branch(`${name}.source`, (normal) => sourceAttention(views, `${name}.source`, shape, normal, memory));
    branch(`${name}.feed`, (normal) => feedForward(views, `${name}.feed`, normal));
  }
  stack.add((rows) => normPass(views, 'generator.norm', rows));
  // Layers work batch-major, the head time-major.
  const turned = (values: Tensor, from: number, to: number): Tensor =>
    tf.reshape(tf.transpose(tf.reshape(values, [from, to, width]), [1, 0, 2]), [batch * length, width]);

  return {
    outputs: [turned(stack.rows, batch, length)],
    backward([ofOutput]) {
      const ofStack = stack.backward(turned(ofOutput as Tensor, length, batch));
      const parameters = new Map([...ofStack.parameters, ...first.backward(ofStack.input)]);
      return { parameters, memory: memory.gradient(), final: undefined };
    },
  };
}
