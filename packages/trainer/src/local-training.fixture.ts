import { type RunFileInput, runFileSchema } from '@tributary/config';
import { prepareRun } from '@tributary/datasets';
import type { ComputeBackend } from '@tributary/engine';
import type { RunId } from '@tributary/protocol';
import { gradientVectors } from './lane-gradients.js';
import { fetchSplits } from './load-splits.js';
import { LocalTraining } from './local-training.js';
import { objectsInMemory } from './objects-in-memory.fixture.js';
import { modelOf } from './prepared-model.js';
import { TaskCompute } from './task-compute.js';

/** 24 pairs of four symbols and their reverse. */
const pairs = Array.from({ length: 24 }, (_, index) => {
  const letters = [0, 1, 2, 3].map((place) => 'abcdefgh'[(index * (place + 3) + place * (index >> 3)) % 8]);
  return JSON.stringify({ source: letters.join(' '), target: letters.toReversed().join(' ') });
});

/** One task with one lane, and all that trains it by itself. */
export async function localTraining(backend: ComputeBackend, steps: number, input: Partial<RunFileInput> = {}) {
  const spec = runFileSchema.parse({
    experiment: 'local',
    model: { embedding: { size: 8 }, encoder: { hidden: 12 }, generator: { hidden: 12 }, attention: { size: 8 } },
    tasks: [{ name: 'reverse', data: { source: 'file', format: 'jsonl', path: 'p', validation: 'p', test: 'p' } }],
    optimizer: { kind: 'adam', learningRate: 0.01 },
    clip: { globalNorm: 0.5 },
    batch: { size: 4 },
    budget: { steps: 100 },
    ...input,
  });
  const objects = objectsInMemory();
  await objects.put('data/p', new TextEncoder().encode(pairs.join('\n')));
  const prepared = await prepareRun({ run: 'local-1' as RunId, spec, files: { p: 'data/p' } }, { objects });
  const model = modelOf(prepared, spec);
  const { layout } = model.task('reverse');
  const gradients = gradientVectors(prepared.lanes, model.sharedLayout.elements, () => layout.elements);
  const shared = model.initialShared(1);
  const task = model.task('reverse').initial(1);
  const compute = new TaskCompute(
    'reverse',
    {
      prepared,
      lanes: prepared.lanes,
      splits: await fetchSplits(prepared, ['reverse'], objects),
      shared: [shared, shared],
      tasks: { reverse: [task, task] },
      gradients,
    },
    spec,
    model,
    backend,
  );
  const local = new LocalTraining({
    lanes: prepared.lanes,
    sharedLayout: model.sharedLayout,
    taskLayout: () => layout,
    optimizer: [spec.optimizer, spec.schedule, spec.budget.steps],
    steps,
    clipNorm: spec.clip?.globalNorm ?? null,
  });
  return { spec, model, compute, local, gradients, initial: { shared, task } };
}
