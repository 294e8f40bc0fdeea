import type { ComputeBackend } from '@tributary/engine';
import type { TaskModel } from '../task-model.js';
import type { TaskParameters } from '../task-runs.js';

/** log p(symbols | source) by evaluation under teacher forcing, nats; `</s>` is the symbol 2 where it stands. */
export type Likelihood = (source: Int32Array, symbols: readonly number[]) => Promise<number>;

/** @param longest symbols of an output */
export const teacherForced =
  (task: TaskModel, backend: ComputeBackend, parameters: TaskParameters, longest: number): Likelihood =>
  async (ids, symbols) => {
    // One shape, so that it is compiled once.
    const source = new Int32Array(16);
    source.set(ids);
    const target = new Int32Array(longest + 1);
    target.set([1, ...symbols]);
    const evaluator = task.evaluator(backend, { batch: 1, source: source.length, target: longest });
    const { lossSum } = await evaluator.run(parameters, { source, target });
    evaluator.dispose();
    return -lossSum;
  };

/** Every output of at most so many symbols, those cut there among them, with its log-likelihood. */
export async function everyOutput(
  likelihood: Likelihood,
  source: Int32Array,
  maxLength: number,
  vocabulary: number,
): Promise<{ readonly symbols: readonly number[]; readonly logProbability: number }[]> {
  const whole: number[][] = [];
  let open: number[][] = [[]];
  for (let length = 1; length <= maxLength; length++) {
    whole.push(...open.map((symbols) => [...symbols, 2]));
    open = open.flatMap((symbols) => Array.from({ length: vocabulary - 4 }, (_, index) => [...symbols, 4 + index]));
  }
  const found: { symbols: number[]; logProbability: number }[] = [];
  for (const symbols of [...whole, ...open]) found.push({ symbols, logProbability: await likelihood(source, symbols) });
  return found;
}
