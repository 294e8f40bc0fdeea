import { type Tensor, type TensorFunction, tf } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';
import { type EncoderPass, encoderPass, type RecurrentEncoderSpec } from './encoder.js';
import { type GeneratorPass, type GeneratorShape, generatorPass } from './generator.js';
import { flatGradient, parameterViews } from './parameter-views.js';
import { tokenLoss } from './token-loss.js';
import { tokenMask } from './token-mask.js';

/** Everything that decides the functions of one task. */
export interface TaskGraph {
  readonly encoder: RecurrentEncoderSpec;
  readonly generator: GeneratorShape;
  readonly sharedLayout: FlatLayout;
  readonly layout: FlatLayout;
  /** Whether the generator embeds its symbols with the shared table. */
  readonly joint: boolean;
  readonly labelSmoothing: number;
}

interface ForwardPass {
  readonly encoder: EncoderPass;
  readonly generator: GeneratorPass;
  /** i32[T * B], time-major */
  readonly targets: Tensor;
  /** f32[T * B] */
  readonly mask: Tensor;
  /** f32[] */
  readonly tokens: Tensor;
}

function forward(graph: TaskGraph, inputs: readonly Tensor[]): ForwardPass {
  const [flatShared, flatTask, source, target] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const shared = parameterViews(graph.sharedLayout, flatShared);
  const own = parameterViews(graph.layout, flatTask);
  const table = shared('embedding');
  const encoder = encoderPass(graph.encoder, shared, table, source);
  const columns = tf.unstack(target, 1);
  const fed = tf.stack(columns.slice(0, -1));
  const targets = tf.concat(columns.slice(1), 0);
  const mask = tokenMask(targets);
  const generator = generatorPass(graph.generator, own, graph.joint ? table : own('embedding'), encoder, fed);
  return { encoder, generator, targets, mask, tokens: tf.sum(mask) };
}

/** [shared, task, source, target, draw i32[3]] → [loss, sharedGradient, taskGradient] */
export const trainStepFunction =
  (graph: TaskGraph): TensorFunction =>
  (inputs) => {
    const { encoder, generator, targets, mask, tokens } = forward(graph, inputs);
    const loss = tokenLoss(generator.logits, targets, mask, graph.labelSmoothing);
    // A batch of nothing but padding has loss 0 and gradient 0, not 0/0.
    const share = tf.div(1, tf.maximum(tokens, 1));
    const ofGenerator = generator.backward(loss.backward(share));
    const ofEncoder = encoder.backward(ofGenerator.memory, ofGenerator.final);
    const ofTable = ofEncoder.get('table') as Tensor;
    const ofTargetTable = ofGenerator.parameters.get('table') as Tensor;
    ofEncoder.set('embedding', graph.joint ? tf.add(ofTable, ofTargetTable) : ofTable);
    if (!graph.joint) ofGenerator.parameters.set('embedding', ofTargetTable);
    return [
      tf.mul(loss.sum, share),
      flatGradient(graph.sharedLayout, ofEncoder),
      flatGradient(graph.layout, ofGenerator.parameters),
    ];
  };

/** [shared, task, source, target] → [lossSum, tokens, correct] */
export const evaluateFunction =
  (graph: TaskGraph): TensorFunction =>
  (inputs) => {
    const { generator, targets, mask, tokens } = forward(graph, inputs);
    const hits = tf.cast(tf.equal(tf.argMax(generator.logits, 1), targets), 'float32');
    return [tokenLoss(generator.logits, targets, mask, 0).sum, tokens, tf.sum(tf.mul(hits, mask))];
  };
