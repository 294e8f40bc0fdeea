import { type Tensor, type TensorFunction, tf } from '@tributary/engine';
import type { FlatLayout } from '@tributary/layout';
import type { Draws } from './draws.js';
import { embeddedSymbols } from './embedded-symbols.js';
import type { Encoder, EncoderPass } from './encoder.js';
import type { Generator, GeneratorPass } from './generator.js';
import type { Head, HeadTargets, HeadViews } from './head.js';
import { flatGradient, type ParameterViews, parameterViews } from './parameter-views.js';
import type { SequenceInput } from './sequence-input.js';
import { tokenMask } from './token-mask.js';

/** Everything that decides the functions of one task. */
export interface TaskGraph {
  readonly encoder: Encoder;
  readonly generator: Generator;
  readonly head: Head;
  readonly sharedLayout: FlatLayout;
  readonly layout: FlatLayout;
  /** Whether the generator embeds its symbols with the shared table. */
  readonly joint: boolean;
}

interface ForwardPass {
  readonly source: SequenceInput;
  readonly encoder: EncoderPass;
  readonly fed: SequenceInput;
  readonly generator: GeneratorPass;
  readonly views: HeadViews;
  readonly targets: HeadTargets;
}

/** What the encoder reads. */
export const sourceInput = (shared: ParameterViews, source: Tensor): SequenceInput =>
  embeddedSymbols(source, shared('embedding'));

function forward(graph: TaskGraph, inputs: readonly Tensor[], draws: Draws | null): ForwardPass {
  const [flatShared, flatTask, sourceIds, target] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const shared = parameterViews(graph.sharedLayout, flatShared);
  const own = parameterViews(graph.layout, flatTask);
  const source = sourceInput(shared, sourceIds);
  const encoder = graph.encoder.pass(shared, source, draws);
  const table = graph.joint ? shared('embedding') : own('embedding');
  const columns = tf.unstack(target, 1);
  const fed = embeddedSymbols(tf.stack(columns.slice(0, -1), 1), table);
  const ids = tf.concat(columns.slice(1), 0);
  return {
    source,
    encoder,
    fed,
    generator: graph.generator.pass(own, fed, encoder, draws),
    views: { own, table },
    targets: { ids, mask: tokenMask(ids), frames: undefined },
  };
}

/** Adds a gradient to one of the same name. */
function addTo(gradients: Map<string, Tensor>, name: string, gradient: Tensor): void {
  const before = gradients.get(name);
  gradients.set(name, before ? tf.add(before, gradient) : gradient);
}

/** [shared, task, source, target, draw i32[3]] → [loss, sharedGradient, taskGradient] */
export const trainStepFunction =
  (graph: TaskGraph): TensorFunction =>
  (inputs) => {
    const { source, encoder, fed, generator, views, targets } = forward(graph, inputs, null);
    const { loss, backward } = graph.head.train(views, generator.outputs, targets);
    const ofHead = backward();
    const ofGenerator = generator.backward(ofHead.outputs);
    const ofShared = encoder.backward(ofGenerator.memory, ofGenerator.final);
    for (const [name, gradient] of source.gradients()) addTo(ofShared, name, gradient);
    const ofTask = new Map([...ofGenerator.parameters, ...ofHead.parameters]);
    const ofTargetTable = graph.joint ? ofShared : ofTask;
    for (const [name, gradient] of fed.gradients()) addTo(ofTargetTable, name, gradient);
    if (ofHead.table) addTo(ofTargetTable, 'embedding', ofHead.table);
    return [loss, flatGradient(graph.sharedLayout, ofShared), flatGradient(graph.layout, ofTask)];
  };

/** [shared, task, source, target] → the sums of `EvaluationSums` */
export const evaluateFunction =
  (graph: TaskGraph): TensorFunction =>
  (inputs) => {
    const { generator, views, targets } = forward(graph, inputs, null);
    return graph.head.evaluate(views, generator.outputs, targets);
  };
