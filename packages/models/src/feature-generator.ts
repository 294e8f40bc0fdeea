import type { ComputeBackend } from '@tributary/engine';
import { featureStep } from './dense-features.js';
import { type Feedback, generationSteps, realRows, stepsPerCall } from './generation-steps.js';
import { floats, type TaskGraph } from './task-functions.js';
import type { TaskParameters } from './task-runs.js';

/** Free-running generation of frames for one batch shape: each frame is fed to the next step. Frames have no end symbol. */
export interface FeatureGenerator {
  /**
   * @param source i32[B, S]; a row of padding generates zeros
   * @param length frames of every output
   * @param sourceFeatures f32[B, S, F]; where the task reads features
   * @returns f32[B, length, size]
   */
  generate(
    parameters: TaskParameters,
    source: Int32Array,
    length: number,
    sourceFeatures?: Float32Array,
  ): Promise<Float32Array>;
  dispose(): void;
}

/** @param size numbers in a frame */
export function featureGenerator(
  graph: TaskGraph,
  task: string,
  backend: ComputeBackend,
  shape: { readonly batch: number; readonly source: number },
  size: number,
): FeatureGenerator {
  const { batch } = shape;
  const feedback: Feedback = {
    first: new Float32Array(batch * size),
    spec: floats(batch, size),
    inputs: () => featureStep,
    emit: (views, outputs) => graph.head.predict(views, outputs),
  };
  const steps = generationSteps(graph, task, backend, shape, feedback);
  return {
    async generate(parameters, source, length, sourceFeatures) {
      const output = new Float32Array(batch * length * size);
      const data = { source, sourceFeatures };
      const rows = realRows(data, batch);
      if (rows.length === 0) return output;
      await steps.run(parameters, data, length, (frames, done) => {
        const count = Math.min(stepsPerCall, length - done);
        for (const row of rows) {
          const from = row * stepsPerCall * size;
          output.set(frames.subarray(from, from + count * size), (row * length + done) * size);
        }
        return true;
      });
      return output;
    },
    dispose: () => steps.dispose(),
  };
}
