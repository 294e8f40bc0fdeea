import { type ComputeBackend, type Tensor, tf } from '@tributary/engine';
import { viewOf } from '@tributary/layout';
import { specialIds } from '@tributary/protocol';
import { encoderPass } from './encoder.js';
import { bridge, generatorStep, outputLogits, reading } from './generator.js';
import { parameterViews } from './parameter-views.js';
import type { TaskGraph } from './task-functions.js';
import type { TaskParameters } from './task-runs.js';
import { tokenMask } from './token-mask.js';

/** Greedy generation for one batch shape: the most likely symbol at each step, never `<pad>`, `<s>` or `<unk>`. */
export interface GreedyGenerator {
  /**
   * @param source i32[B, S]; a row of padding generates nothing
   * @param maxLength most symbols of an output, `</s>` included
   * @returns i32[B, maxLength]: ids, `</s>` where the output ended, padding after it
   */
  generate(parameters: TaskParameters, source: Int32Array, maxLength: number): Promise<Int32Array>;
  dispose(): void;
}

// Steps in one call: every call copies the task's parameters in, so a few steps share the copy. Rows that end within the
// four cost at most three idle steps.
const stepsPerCall = 4;

/** Scores that keep a symbol from ever being the largest. */
function bannedSymbols(vocabulary: number): Float32Array {
  const scores = new Float32Array(vocabulary);
  for (const id of [specialIds.pad, specialIds.start, specialIds.unknown]) scores[id] = -1e9;
  return scores;
}

export function greedyGenerator(
  graph: TaskGraph,
  task: string,
  backend: ComputeBackend,
  shape: { readonly batch: number; readonly source: number },
): GreedyGenerator {
  const { batch, source: length } = shape;
  const { generator, sharedLayout, layout } = graph;
  const { hidden, memory: memoryUnits, attention } = generator;
  const floats = (...dims: number[]) => ({ shape: dims, dtype: 'float32' as const });
  const ints = (...dims: number[]) => ({ shape: dims, dtype: 'int32' as const });
  const label = `${task} ${batch}x${length}`;

  /** [shared, task, source] → [state, memory, keys] */
  const encode = backend.trace(
    `encode ${label}`,
    ([flatShared, flatTask, source]) => {
      const shared = parameterViews(sharedLayout, flatShared as Tensor);
      const own = parameterViews(layout, flatTask as Tensor);
      const encoded = encoderPass(graph.encoder, shared, shared('embedding'), source as Tensor);
      return [bridge(own, encoded.final), encoded.memory, attention.keys(own, encoded.memory)];
    },
    [floats(sharedLayout.elements), floats(layout.elements), ints(batch, length)],
  );

  const tableEntry = (graph.joint ? sharedLayout : layout).entries.find((entry) => entry.name === 'embedding');
  if (!tableEntry) throw new RangeError('the model has no embedding for its targets');
  const [vocabulary, size] = tableEntry.shape as [number, number];
  const banned = bannedSymbols(generator.vocabulary);

  /** [task, table, source, memory, keys, state, previous ids] → [ids i32[B, stepsPerCall], state, last ids] */
  const advance = backend.trace(
    `generate ${label}`,
    (inputs) => {
      const [flatTask, table, source, memory, keys, first, ids] = inputs as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const own = parameterViews(layout, flatTask);
      const products = tf.add(tf.matMul(table, own('generator.input')), own('generator.bias'));
      const read = reading(memory, keys, tokenMask(source));
      const emitted: Tensor[] = [];
      let state = first;
      let previous = ids;
      for (let step = 0; step < stepsPerCall; step++) {
        const next = generatorStep(generator, own, read, tf.gather(products, previous.as1D()), state);
        state = next.cell.state;
        const logits = tf.add(outputLogits(own, state, next.context), tf.tensor1d(banned));
        previous = tf.cast(tf.argMax(logits, 1), 'int32');
        emitted.push(previous);
      }
      return [tf.stack(emitted, 1), state, previous];
    },
    [
      floats(layout.elements),
      floats(vocabulary, size),
      ints(batch, length),
      floats(batch, length, memoryUnits),
      floats(batch, length, attention.keyWidth),
      floats(batch, hidden),
      ints(batch),
    ],
  );

  return {
    async generate({ shared, task: own }, source, maxLength) {
      const [first, memory, keys] = (await encode.run([shared, own, source])) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const table = graph.joint ? viewOf(sharedLayout, shared, 'embedding') : viewOf(layout, own, 'embedding');
      const output = new Int32Array(batch * maxLength).fill(specialIds.pad);
      const open = new Set(
        Array.from({ length: batch }, (_, row) => row).filter((row) =>
          source.subarray(row * length, (row + 1) * length).some((id) => id !== specialIds.pad),
        ),
      );
      let state: Float32Array = first;
      let previous: Int32Array = new Int32Array(batch).fill(specialIds.start);
      for (let done = 0; done < maxLength && open.size > 0; done += stepsPerCall) {
        const [ids, nextState, last] = (await advance.run([own, table, source, memory, keys, state, previous])) as [
          Int32Array,
          Float32Array,
          Int32Array,
        ];
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
        state = nextState;
        previous = last;
      }
      return output;
    },
    dispose() {
      encode.dispose();
      advance.dispose();
    },
  };
}
