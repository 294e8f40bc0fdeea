/** The same model as TensorFlow.js users write it: operations one by one, its own gradients, its own Adam. */
import { createRequire } from 'node:module';
import util from 'node:util';
import { batchOf, cases, optimizer } from './cases.mjs';
import { compete } from './contestant.mjs';
import { readParameters } from './parameters.mjs';
import { tfjsModels } from './tfjs-models.mjs';

// TensorFlow.js calls it, Node 23 removed it.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');

const job = JSON.parse(process.argv.at(-1));
const found = cases.find(({ name }) => name === job.case);
const { batch, source: sourceLength, target: targetLength } = found.shape;
const startedMs = performance.now();
const variables = new Map(
  [...readParameters(job.parameters)].map(([name, { shape, values }]) => [
    name,
    tf.variable(tf.tensor(values, shape), true, name),
  ]),
);
const symbols = batchOf(found);
const source = tf.tensor2d(symbols.source, [batch, sourceLength], 'int32');
const rows = tf.tensor2d(symbols.target, [batch, targetLength + 1], 'int32');
const fed = tf.slice(rows, [0, 0], [batch, targetLength]);
const wanted = tf.slice(rows, [0, 1], [batch, targetLength]);
const loss = tfjsModels[found.family](tf, found.sizes, (name) => variables.get(name), { source, fed, wanted });
const adam = tf.train.adam(optimizer.learningRate, optimizer.beta1, optimizer.beta2, optimizer.epsilon);
const list = [...variables.values()];

async function takeStep() {
  const cost = adam.minimize(loss, true, list);
  const [value] = await cost.data();
  cost.dispose();
  return value;
}

const parameters = list.reduce((sum, { size }) => sum + size, 0);
await compete({ version: `tfjs ${tf.version_core}, op by op`, parameters, startedMs }, takeStep);
