import type { ObjectStore } from '@tributary/protocol';
import type { ComputeKeeper } from './compute-keeper.js';
import { GenerationSetup } from './generation-setup.js';
import type { TrainerOptions } from './trainer-types.js';

export type WarmOptions = Pick<TrainerOptions, 'document' | 'member' | 'prepared' | 'backend' | 'device'>;

/**
 * Makes a process ready for the lanes of one member: its compute thread has their data and the graphs of their training, and
 * what a generation is set up with has run once. The next generation that opens the keeper with these lanes compiles nothing.
 */
export async function warmCompute(
  options: WarmOptions,
  { objects, compute }: { readonly objects: ObjectStore; readonly compute: ComputeKeeper },
): Promise<void> {
  const { prepared, backend, device } = options;
  const setup = new GenerationSetup(options);
  const { plan, spec, exchange, state } = setup;
  const { shared, tasks } = state.vectors;
  const client = await compute.open({
    ...{ prepared, backend, device, lanes: plan.hosted, threads: spec.compute.threads },
    shared: shared.parameters,
    tasks: Object.fromEntries([...tasks].map(([task, { parameters }]) => [task, parameters])),
    gradients: exchange.gradients,
    splits: (missing) => setup.splits(missing, objects),
  });
  await client.request({ kind: 'warm-up' });
}
