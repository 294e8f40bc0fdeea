import type { ComputeBackend } from '@tributary/engine';
import { randomStream } from '@tributary/random';
import type { SequenceModel } from './sequence-model.js';
import type { BatchShape } from './task-model.js';
import type { BatchData } from './task-runs.js';

/**
 * Throws unless the gradients of a task's loss equal finite differences: for every parameter, along a random direction. The
 * point is away from the initial values, so that no parameter is zero.
 *
 * @param distances steps to try until one agrees: float32 losses want a wide one, a curved loss a narrow one
 */
export async function expectGradients(
  backend: ComputeBackend,
  sequence: SequenceModel,
  taskName: string,
  batches: readonly (BatchData & { readonly shape: BatchShape })[],
  distances: readonly number[] = [2e-2, 5e-3],
): Promise<void> {
  const task = sequence.task(taskName);
  const perturb = (values: Float32Array, name: string): Float32Array => {
    const stream = randomStream(3, 'perturb', name);
    return values.map((value) => value + 0.2 * stream.normal());
  };
  const vectors = [perturb(sequence.initialShared(1), 'shared'), perturb(task.initial(1), 'task')] as const;
  // Rectifiers are held away from where they turn, half of them on, half off.
  for (const [index, layout] of [sequence.sharedLayout, task.layout].entries())
    for (const entry of layout.entries)
      if (entry.name.endsWith('.innerBias'))
        for (let i = 0; i < entry.size; i++) (vectors[index] as Float32Array)[entry.offset + i] = i % 2 === 0 ? 4 : -4;
  for (const batch of batches) {
    const step = task.trainStep(backend, batch.shape);
    const parameters = { shared: vectors[0], task: vectors[1] };
    const run = () => step.run(parameters, batch, { seed: 1, step: 1, lane: 0 });
    const { shared: ofShared, task: ofTask } = await run();
    for (const [index, layout] of [sequence.sharedLayout, task.layout].entries()) {
      const values = vectors[index] as Float32Array;
      const gradient = index === 0 ? ofShared : ofTask;
      for (const entry of layout.entries) {
        const stream = randomStream(5, 'direction', entry.name);
        const direction = Float64Array.from({ length: entry.size }, () => stream.normal() / Math.sqrt(entry.size));
        const before = values.slice(entry.offset, entry.offset + entry.size);
        const at = async (step: number): Promise<number> => {
          direction.forEach((d, i) => {
            values[entry.offset + i] = (before[i] as number) + step * d;
          });
          const { loss } = await run();
          values.set(before, entry.offset);
          return loss;
        };
        const derived = direction.reduce((sum, d, i) => sum + d * (gradient[entry.offset + i] as number), 0);
        // Fourth-order central differences.
        const measure = async (e: number): Promise<number> =>
          (8 * ((await at(e)) - (await at(-e))) - ((await at(2 * e)) - (await at(-2 * e)))) / (12 * e);
        const measured: number[] = [];
        let agrees = false;
        for (const distance of distances) {
          const value = await measure(distance);
          measured.push(value);
          // The rounding of a loss weighs the more the closer the points lie.
          agrees = Math.abs(value - derived) < 8e-7 / distance + 2e-3 * Math.abs(derived);
          if (agrees) break;
        }
        if (!agrees)
          throw new Error(`${entry.name}: the loss changes by ${measured.join(', ')}, its gradient says ${derived}`);
      }
    }
    step.dispose();
  }
}
