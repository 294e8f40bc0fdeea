/** Tributary's step as its trainer takes it: gradients by the traced graph, then the optimizer beside the old state. */
import { createOptimizer, openBackend } from '@tributary/engine';
import { createSequenceModel } from '@tributary/models';
import { batchOf, cases, optimizer as optimizerSpec } from './cases.mjs';
import { compete } from './contestant.mjs';
import { writeParameters } from './parameters.mjs';

const job = JSON.parse(process.argv.at(-1));
const found = cases.find(({ name }) => name === job.case);
const backend = await openBackend({ prefer: 'tensorflow', device: 'cpu', threads: job.threads });
const model = createSequenceModel({
  model: found.model,
  sourceVocabulary: found.vocabulary,
  tasks: [{ name: 'bench', targetVocabulary: found.vocabulary, generator: undefined, labelSmoothing: 0 }],
});
const task = model.task('bench');
const optimizer = createOptimizer(optimizerSpec, { kind: 'constant' }, 1_000_000);

/** A parameter vector with its optimizer state, twice: step k + 1 is built beside step k. */
function vectorOf(layout, values) {
  const twice = (first) => [first, new Float32Array(layout.elements)];
  return {
    layout,
    parameters: twice(values),
    state: [0, 1].map(() => optimizer.slots.map(() => new Float32Array(layout.elements))),
    gradient: new Float32Array(layout.elements),
  };
}
const shared = vectorOf(model.sharedLayout, model.initialShared(1));
const own = vectorOf(task.layout, task.initial(1));
writeParameters(job.parameters, [
  { layout: shared.layout, values: shared.parameters[0], prefix: 'shared/' },
  { layout: own.layout, values: own.parameters[0], prefix: 'task/' },
]);

const { source, target } = batchOf(found);
const startedMs = performance.now();
const train = task.trainStep(backend, found.shape);
let step = 0;

async function takeStep() {
  const now = step % 2;
  const next = 1 - now;
  const [loss] = await train.run(
    [shared.parameters[now], own.parameters[now], source, target],
    [undefined, shared.gradient, own.gradient],
  );
  for (const vector of [shared, own]) {
    optimizer.apply({
      step,
      parameters: vector.parameters[now],
      gradient: vector.gradient,
      state: vector.state[now],
      nextParameters: vector.parameters[next],
      nextState: vector.state[next],
    });
  }
  step += 1;
  return loss[0];
}

await compete(
  { version: backend.version, parameters: shared.layout.elements + own.layout.elements, startedMs },
  takeStep,
);
