import { type ComputeBackend, type Tensor, type TracedFunction, tf } from '@tributary/engine';
import { viewOf } from '@tributary/layout';
import { specialIds } from '@tributary/protocol';
import { symbolSteps } from './embedded-symbols.js';
import { parameterViews } from './parameter-views.js';
import { sourceInput, type TaskGraph } from './task-functions.js';
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

interface Functions {
  /** [shared, task, source] → [...fixed, ...carried] */
  readonly encode: TracedFunction;
  /** [task, table, source, position i32[1], previous ids, ...fixed, ...carried] → [ids i32[B, stepsPerCall], last ids, ...carried] */
  readonly advance: TracedFunction;
  /** Number of tensors that the source decides. */
  readonly fixed: number;
}

export function greedyGenerator(
  graph: TaskGraph,
  task: string,
  backend: ComputeBackend,
  shape: { readonly batch: number; readonly source: number },
): GreedyGenerator {
  const { batch, source: length } = shape;
  const { encoder, generator, head, sharedLayout, layout } = graph;
  const floats = (...dims: number[]) => ({ shape: dims, dtype: 'float32' as const });
  const ints = (...dims: number[]) => ({ shape: dims, dtype: 'int32' as const });
  const tableEntry = (graph.joint ? sharedLayout : layout).entries.find((entry) => entry.name === 'embedding');
  if (!tableEntry) throw new RangeError('the model has no embedding for its targets');
  const [vocabulary, size] = tableEntry.shape as [number, number];

  const trace = (room: number): Functions => {
    const label = `${task} ${batch}x${length}`;
    let fixed = 0;
    const encode = backend.trace(
      `encode ${label}`,
      ([flatShared, flatTask, source]) => {
        const shared = parameterViews(sharedLayout, flatShared as Tensor);
        const own = parameterViews(layout, flatTask as Tensor);
        const encoded = encoder.pass(shared, sourceInput(shared, source as Tensor), null);
        const start = generator.begin(own, encoded, room);
        fixed = start.fixed.length;
        return [...start.fixed, ...start.carried];
      },
      [floats(sharedLayout.elements), floats(layout.elements), ints(batch, length)],
    );
    const advance = backend.trace(
      `generate ${label}`,
      (inputs) => {
        const [flatTask, table, source, position, ids] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
        const own = parameterViews(layout, flatTask);
        const step = generator.resume(own, tokenMask(source), inputs.slice(5, 5 + fixed));
        const inputOf = symbolSteps(table, batch * stepsPerCall);
        const first = tf.reshape(position, []);
        const emitted: Tensor[] = [];
        let carried = inputs.slice(5 + fixed);
        let previous = ids;
        for (let index = 0; index < stepsPerCall; index++) {
          const next = step(inputOf(previous), carried, index === 0 ? first : tf.add(first, tf.scalar(index, 'int32')));
          carried = [...next.carried];
          const logits = head.predict({ own, table }, next.outputs);
          const allowed = tf.add(logits, tf.tensor1d(bannedSymbols(logits.shape[1] as number)));
          previous = tf.cast(tf.argMax(allowed, 1), 'int32');
          emitted.push(previous);
        }
        return [tf.stack(emitted, 1), previous, ...carried];
      },
      [floats(layout.elements), floats(vocabulary, size), ints(batch, length), ints(1), ints(batch), ...encode.outputs],
    );
    return { encode, advance, fixed };
  };

  const traced = new Map<number, Functions>();
  const functionsFor = (maxLength: number): Functions => {
    // Where no position is carried, one pair of functions serves every length.
    const room = generator.carriesPositions ? Math.ceil(maxLength / stepsPerCall) * stepsPerCall : 0;
    const functions = traced.get(room) ?? trace(room);
    traced.set(room, functions);
    return functions;
  };

  return {
    async generate({ shared, task: own }, source, maxLength) {
      const { encode, advance, fixed: fixedCount } = functionsFor(maxLength);
      const start = await encode.run([shared, own, source]);
      const fixed = start.slice(0, fixedCount);
      let carried = start.slice(fixedCount);
      const table = graph.joint ? viewOf(sharedLayout, shared, 'embedding') : viewOf(layout, own, 'embedding');
      const output = new Int32Array(batch * maxLength).fill(specialIds.pad);
      const open = new Set(
        Array.from({ length: batch }, (_, row) => row).filter((row) =>
          source.subarray(row * length, (row + 1) * length).some((id) => id !== specialIds.pad),
        ),
      );
      let previous: Int32Array = new Int32Array(batch).fill(specialIds.start);
      for (let done = 0; done < maxLength && open.size > 0; done += stepsPerCall) {
        const [ids, last, ...next] = await advance.run([
          own,
          table,
          source,
          Int32Array.of(done),
          previous,
          ...fixed,
          ...carried,
        ]);
        for (const row of open) {
          for (let step = 0; step < stepsPerCall && done + step < maxLength; step++) {
            const id = (ids as Int32Array)[row * stepsPerCall + step] as number;
            output[row * maxLength + done + step] = id;
            if (id === specialIds.end) {
              open.delete(row);
              break;
            }
          }
        }
        carried = next;
        previous = last as Int32Array;
      }
      return output;
    },
    dispose() {
      for (const { encode, advance } of traced.values()) {
        encode.dispose();
        advance.dispose();
      }
      traced.clear();
    },
  };
}
