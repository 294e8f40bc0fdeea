import { allocateVectors } from '@tributary/engine';
import type { ObjectStore } from '@tributary/protocol';
import type { ComputeKeeper } from './compute-keeper.js';
import { gradientVectors } from './lane-gradients.js';
import { fetchSplits } from './load-splits.js';
import { memberPlan } from './member-plan.js';
import { modelOf, specOf } from './prepared-model.js';
import type { TrainerOptions } from './trainer-types.js';

export interface WarmOptions extends Pick<TrainerOptions, 'document' | 'member' | 'prepared' | 'backend' | 'device'> {
  /** How long to leave the processor to others after each graph. */
  readonly pauseMs: number;
}

/**
 * Makes a keeper ready for the lanes of one member: its thread has their data and the graphs of their training. The next
 * generation that opens it with these lanes compiles nothing.
 */
export async function warmCompute(
  { document, member, prepared, backend, device, pauseMs }: WarmOptions,
  { objects, compute }: { readonly objects: ObjectStore; readonly compute: ComputeKeeper },
): Promise<void> {
  const spec = specOf(prepared);
  const { hosted, hostedTasks } = memberPlan(document, member, prepared, spec);
  const model = modelOf(prepared, spec);
  const vector = (elements: number): Float32Array => allocateVectors([elements])[0] as Float32Array;
  const elementsOf = (task: string): number => model.task(task).layout.elements;
  // Graphs are compiled for shapes: whatever values the vectors have.
  const shared = vector(model.sharedLayout.elements);
  const tasks = hostedTasks.map((task) => [task, vector(elementsOf(task))] as const);
  const client = await compute.open({
    ...{ prepared, backend, device, lanes: hosted, threads: spec.compute.threads },
    shared: [shared, shared],
    tasks: Object.fromEntries(tasks.map(([task, values]) => [task, [values, values] as const])),
    gradients: gradientVectors(hosted, model.sharedLayout.elements, elementsOf),
    splits: (missing) => fetchSplits(prepared, missing, objects),
  });
  await client.request({ kind: 'warm-up', pauseMs });
}
