/** Tributary's step as its trainer takes it: gradients by the traced graph, then the optimizer beside the old state. */
import { runFileSchema } from '@tributary/config';
import { createOptimizer, openBackend } from '@tributary/engine';
import { createSequenceModel } from '@tributary/models';
import { batchOf, cases, optimizer as optimizerSpec } from './cases.mjs';
import { compete } from './contestant.mjs';
import { writeParameters } from './parameters.mjs';

const job = JSON.parse(process.argv.at(-1));
const found = cases.find(({ name }) => name === job.case);
const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: job.threads });
// Through the run file's schema: whatever the case leaves out is the default of a run.
const run = runFileSchema.parse({
  experiment: 'bench',
  model: found.model,
  tasks: [{ name: 'bench', data: { source: 'words', kind: 'pronounce' } }],
  optimizer: optimizerSpec,
  budget: { steps: 1_000_000 },
});
const model = createSequenceModel({
  model: run.model,
  precision: found.precision,
  sourceVocabulary: found.vocabulary,
  tasks: [{ name: 'bench', targetVocabulary: found.vocabulary, generator: undefined, labelSmoothing: 0 }],
});
const task = model.task('bench');
const optimizer = createOptimizer(run.optimizer, run.schedule, run.budget.steps);

/** A parameter vector with its optimizer state, twice: step k + 1 is built beside step k. All of it in one memory. */
function vectorOf(layout, values) {
  const names = ['parameters', ...optimizer.slots];
  const all = optimizer.allocate(new Array(2 * names.length + 1).fill(layout.elements));
  const twice = [0, 1].map((half) => {
    const [parameters, ...slots] = all.slice(half * names.length, (half + 1) * names.length);
    return { parameters, slots };
  });
  twice[0].parameters.set(values);
  return { layout, twice, gradient: all.at(-1) };
}
const shared = vectorOf(model.sharedLayout, model.initialShared(1));
const own = vectorOf(task.layout, task.initial(1));
writeParameters(job.parameters, [
  { layout: shared.layout, values: shared.twice[0].parameters, prefix: 'shared/' },
  { layout: own.layout, values: own.twice[0].parameters, prefix: 'task/' },
]);

const batch = batchOf(found);
const startedMs = performance.now();
const train = task.trainStep(backend, found.shape);
let step = 0;

async function takeStep() {
  const now = step % 2;
  const parameters = { shared: shared.twice[now].parameters, task: own.twice[now].parameters };
  const gradients = { shared: shared.gradient, task: own.gradient };
  const { loss } = await train.run(parameters, batch, { seed: 1, step, lane: 0 }, gradients);
  for (const { twice, gradient } of [shared, own]) {
    const before = twice[now];
    const after = twice[1 - now];
    optimizer.apply({
      step,
      parameters: before.parameters,
      gradient,
      state: before.slots,
      nextParameters: after.parameters,
      nextState: after.slots,
    });
  }
  step += 1;
  return loss;
}

await compete(
  { version: backend.version, parameters: shared.layout.elements + own.layout.elements, startedMs },
  takeStep,
);
