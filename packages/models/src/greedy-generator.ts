import { type ComputeBackend, tf } from '@tributary/engine';
import { specialIds } from '@tributary/protocol';
import { bannedSymbols } from './banned-symbols.js';
import { symbolSteps } from './embedded-symbols.js';
import { type Feedback, generationSteps, realRows, stepsPerCall } from './generation-steps.js';
import { ints, type TaskGraph } from './task-functions.js';
import type { TaskParameters } from './task-runs.js';

/** Greedy generation for one batch shape: the most likely symbol at each step, never `<pad>`, `<s>` or `<unk>`. */
export interface GreedyGenerator {
  /**
   * @param source i32[B, S]; a row of padding generates nothing
   * @param maxLength most symbols of an output, `</s>` included
   * @param sourceFeatures f32[B, S, F]; where the task reads features
   * @returns i32[B, maxLength]: ids, `</s>` where the output ended, padding after it
   */
  generate(
    parameters: TaskParameters,
    source: Int32Array,
    maxLength: number,
    sourceFeatures?: Float32Array,
  ): Promise<Int32Array>;
  dispose(): void;
}

export function greedyGenerator(
  graph: TaskGraph,
  task: string,
  backend: ComputeBackend,
  shape: { readonly batch: number; readonly source: number },
): GreedyGenerator {
  const { batch } = shape;
  const feedback: Feedback = {
    first: new Int32Array(batch).fill(specialIds.start),
    spec: ints(batch),
    inputs({ table }) {
      if (!table) throw new RangeError('the model has no embedding for its targets');
      return symbolSteps(table, batch * stepsPerCall);
    },
    emit(views, outputs) {
      const logits = graph.head.predict(views, outputs);
      const allowed = tf.add(logits, bannedSymbols(logits.shape[1] as number));
      return tf.cast(tf.argMax(allowed, 1), 'int32');
    },
  };
  const steps = generationSteps(graph, task, backend, shape, feedback);
  return {
    async generate(parameters, source, maxLength, sourceFeatures) {
      const output = new Int32Array(batch * maxLength).fill(specialIds.pad);
      const data = { source, sourceFeatures };
      const open = new Set(realRows(data, batch));
      if (open.size === 0) return output;
      await steps.run(parameters, data, maxLength, (ids, done) => {
        for (const row of open) {
          for (let step = 0; step < stepsPerCall && done + step < maxLength; step++) {
            const id = ids[row * stepsPerCall + step] as number;
            output[row * maxLength + done + step] = id;
            if (id === specialIds.end) {
              open.delete(row);
              break;
            }
          }
        }
        return open.size > 0;
      });
      return output;
    },
    dispose: () => steps.dispose(),
  };
}
