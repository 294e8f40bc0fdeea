import type { EncoderSpec } from '@tributary/config';
import { type Tensor, tf } from '@tributary/engine';
import { paddingBias } from './attention-heads.js';
import type { Encoder } from './encoder.js';
import { feedForward, feedForwardParameters } from './feed-forward.js';
import { layerStack } from './layer-stack.js';
import type { ParameterSpec } from './parameters.js';
import { normParameters, normPass, type PartPass, residualBranch } from './residual-branch.js';
import { selfAttention, selfAttentionParameters } from './self-attention.js';
import { transformerInput } from './transformer-input.js';

type TransformerSpec = Extract<EncoderSpec, { readonly kind: 'transformer' }>;

/**
 * Pre-norm Transformer layers over the source (Vaswani 2017, Xiong 2020). States at padding are zero, and `final` is the
 * mean of the states at real positions.
 */
export function transformerEncoder(spec: TransformerSpec, inputWidth: number): Encoder {
  const { width, heads, layers: depth, dropout: rate } = spec;
  const input = transformerInput('encoder.input', inputWidth, width);
  const names = Array.from({ length: depth }, (_, layer) => `encoder.${layer}`);
  const parameters: ParameterSpec[] = [
    ...input.parameters,
    ...names.flatMap((name) => [
      ...normParameters(`${name}.self.norm`, width),
      ...selfAttentionParameters(`${name}.self`, width),
      ...normParameters(`${name}.feed.norm`, width),
      ...feedForwardParameters(`${name}.feed`, width, spec.feedForward ?? 4 * width),
    ]),
    ...normParameters('encoder.norm', width),
  ];

  return {
    parameters,
    memoryWidth: width,
    finalWidth: width,
    pass(views, sequence, draws) {
      const { batch, length, mask } = sequence;
      const shape = { batch, length, heads, width };
      const drop = (): Tensor | undefined => draws?.mask([batch * length, width], rate);
      const bias = paddingBias(mask);
      const first = input.pass(views, sequence, draws, rate);
      const stack = layerStack(first.rows);
      const branch = (name: string, part: (normal: Tensor) => PartPass): void =>
        stack.add((rows) => residualBranch(views, name, rows, part, drop()));
      for (const name of names) {
        branch(`${name}.self`, (normal) => selfAttention(views, `${name}.self`, shape, normal, bias));
        branch(`${name}.feed`, (normal) => feedForward(views, `${name}.feed`, normal));
      }
      stack.add((rows) => normPass(views, 'encoder.norm', rows));
      const real = tf.reshape(mask, [batch, length, 1]);
      const memory = tf.mul(tf.reshape(stack.rows, [batch, length, width]), real);
      // A row of nothing but padding has the mean 0, not 0/0.
      const share = tf.div(1, tf.maximum(tf.sum(mask, 1, true), 1));

      return {
        mask,
        memory,
        final: tf.mul(tf.sum(memory, 1), share),
        backward(ofMemory, ofFinal) {
          const mean = ofFinal && tf.reshape(tf.mul(ofFinal, share), [batch, 1, width]);
          const ofStates = tf.mul(mean ? tf.add(ofMemory, mean) : ofMemory, real);
          const ofStack = stack.backward(tf.reshape(ofStates, [batch * length, width]));
          return new Map([...ofStack.parameters, ...first.backward(ofStack.input)]);
        },
      };
    },
  };
}
