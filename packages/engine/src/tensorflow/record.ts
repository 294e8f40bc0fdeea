import type { TensorFunction, TensorSpec, TraceOptions } from '../compute-backend.js';
import { outputSpecs } from '../tensor-spec.js';
import { tf, useBackend } from '../tensorflow-js.js';
import type { NodeBackend } from './binding.js';
import { createRecordingBackend } from './recording-backend.js';
import { recordingBackendName, registerRecordingKernels } from './recording-kernels.js';
import { operationOfScope, refuse } from './refusal.js';
import type { NodeProto } from './saved-model.js';

/** A function written down as a graph. */
export interface Recording {
  readonly nodes: readonly NodeProto[];
  readonly feeds: readonly string[];
  readonly fetches: readonly string[];
  readonly outputs: readonly TensorSpec[];
}

/** Operations that draw their numbers in JavaScript, so that a graph would hold one draw for ever. */
const frozenDraws = new Set([
  'rand',
  'randomGamma',
  'randomNormal',
  'randomStandardNormal',
  'randomUniform',
  'randomUniformInt',
  'truncatedNormal',
  'multinomial',
]);

/** Runs `body` while every operation that tfjs starts is first shown to `watch`. */
function watchingOperations(watch: (operation: string) => void, body: () => void): void {
  const engine: { startScope(name?: string): void } = tf.engine();
  const startScope = engine.startScope;
  engine.startScope = (scope) => {
    const operation = operationOfScope(scope);
    if (operation !== undefined) watch(operation);
    startScope.call(engine, scope);
  };
  try {
    body();
  } finally {
    engine.startScope = startScope;
  }
}

/**
 * Runs `fn` once on zeros with a backend that writes down each operation (the gradient's too, since tfjs derives it by
 * running operations), and returns the graph. Leaves no tensor behind.
 */
export function record(
  addon: NodeBackend,
  name: string,
  fn: TensorFunction,
  inputs: readonly TensorSpec[],
  options: TraceOptions,
): Recording {
  registerRecordingKernels();
  const before = tf.getBackend();
  const backend = createRecordingBackend(name, addon, options);
  const { graph } = backend;
  const feeds = inputs.map((_, index) => `feed${index}`);
  const fetches: string[] = [];
  let outputs: TensorSpec[] = [];
  tf.registerBackend(recordingBackendName, () => backend);
  try {
    useBackend(recordingBackendName);
    watchingOperations(
      (operation) => {
        if (!frozenDraws.has(operation)) return;
        const why = 'draws random numbers that every run would repeat';
        throw refuse(name, operation, why, 'draw them outside and pass them as an input');
      },
      () => {
        tf.tidy(() => {
          const returned = fn(inputs.map((spec, index) => backend.feed(feeds[index] as string, spec)));
          outputs = outputSpecs(name, returned);
          returned.forEach((tensor, index) => {
            const type = backend.getDTypeInteger(tensor.dtype);
            fetches.push(graph.add('Identity', [backend.nodeOf(tensor)], { T: { type } }, `fetch${index}`));
          });
        });
      },
    );
  } finally {
    backend.release();
    useBackend(before);
    tf.removeBackend(recordingBackendName);
  }
  return { nodes: graph.nodes, feeds, fetches, outputs };
}
