import type { TensorFunction, TensorSpec, TraceOptions } from '../compute-backend.js';
import { outputSpecs } from '../tensor-spec.js';
import { tf, useBackend } from '../tensorflow-js.js';
import { checkNotTracing, traceOnce } from '../tracing/trace-once.js';
import type { NodeBackend } from './binding.js';
import { createRecordingBackend } from './recording-backend.js';
import { recordingBackendName, registerRecordingKernels } from './recording-kernels.js';
import type { NodeProto } from './saved-model.js';

/** A function written down as a graph. */
export interface Recording {
  readonly nodes: readonly NodeProto[];
  readonly feeds: readonly string[];
  readonly fetches: readonly string[];
  readonly outputs: readonly TensorSpec[];
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
  checkNotTracing(name);
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
    traceOnce(
      name,
      fn,
      () => inputs.map((spec, index) => backend.feed(feeds[index] as string, spec)),
      (returned) => {
        outputs = outputSpecs(name, returned);
        returned.forEach((tensor, index) => {
          const type = backend.getDTypeInteger(tensor.dtype);
          fetches.push(graph.add('Identity', [backend.nodeOf(tensor)], { T: { type } }, `fetch${index}`));
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
