// What each fused formulation of the recurrent models saves: the same numbers computed both ways, forward and backward, as one
// traced graph each, in alternating rounds. Processor time, so that a busy machine weighs less. Writes bench/out/fused-choices.json.
//
//   node test/bench/fused-choices.mjs [--sizes small,large] [--rounds 7] [--runs 5] [--backend tensorflow]
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openBackend, operations, tf } from '@tributary/engine';
import { activity, machine } from './engine/machine.mjs';
import { median } from './engine/statistics.mjs';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: 'small,large' },
    rounds: { type: 'string', default: '7' },
    runs: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'tensorflow' },
  },
});

/** The two recurrent cases of `make bench-engine`. */
const sizes = {
  small: { vocabulary: 64, embedding: 256, hidden: 256, batch: 64, length: 16 },
  large: { vocabulary: 8000, embedding: 512, hidden: 512, batch: 32, length: 48 },
};

const floats = (...shape) => ({ shape, dtype: 'float32' });
const ints = (...shape) => ({ shape, dtype: 'int32' });
/** One number of each result: outputs that are copied out would weigh on both ways. */
const ends = (...tensors) => tensors.map((tensor) => tf.sum(tensor));

/** GRU steps without the input's product; `split` makes a product for each gate of what else is one for all. */
function recurrence({ hidden, batch, length }, split) {
  const product = (a, weights, transposed) =>
    split
      ? tf.split(weights, 3, 1).map((own) => tf.matMul(a, own, false, transposed))
      : tf.split(tf.matMul(a, weights, false, transposed), 3, 1);
  const fn = ([flat, weights]) => {
    const inputs = tf.unstack(flat, 0);
    let state = tf.zeros([batch, hidden]);
    const kept = inputs.map((input) => {
      const [xr, xu, xn] = tf.split(input, 3, 1);
      const previous = state;
      const [hr, hu, hn] = product(previous, weights, false);
      const reset = tf.sigmoid(tf.add(xr, hr));
      const update = tf.sigmoid(tf.add(xu, hu));
      const candidate = tf.tanh(tf.add(xn, tf.mul(reset, hn)));
      const change = tf.sub(candidate, previous);
      state = tf.add(previous, tf.mul(update, change));
      return { previous, hn, reset, update, candidate, change };
    });
    let gradient = tf.onesLike(state);
    const ofGates = [];
    for (const step of kept.toReversed()) {
      const ofCandidate = tf.mul(gradient, step.update);
      const ofXn = tf.mul(ofCandidate, tf.sub(1, tf.square(step.candidate)));
      const ofHn = tf.mul(ofXn, step.reset);
      const ofXr = tf.mul(tf.mul(ofHn, step.hn), tf.sub(1, step.reset));
      const ofXu = tf.mul(tf.mul(ofCandidate, step.change), tf.sub(1, step.update));
      const gates = [ofXr, ofXu, ofHn];
      const through = split
        ? tf.addN(tf.split(weights, 3, 1).map((own, gate) => tf.matMul(gates[gate], own, false, true)))
        : tf.matMul(tf.concat(gates, 1), weights, false, true);
      ofGates.unshift(gates);
      gradient = tf.add(tf.sub(gradient, ofCandidate), through);
    }
    const previous = tf.concat(
      kept.map((step) => step.previous),
      0,
    );
    const ofWeights = split
      ? [0, 1, 2].map((gate) =>
          tf.matMul(
            previous,
            tf.concat(
              ofGates.map((gates) => gates[gate]),
              0,
            ),
            true,
          ),
        )
      : [
          tf.matMul(
            previous,
            tf.concat(
              ofGates.map((gates) => tf.concat(gates, 1)),
              0,
            ),
            true,
          ),
        ];
    return ends(state, gradient, ...ofWeights);
  };
  return { fn, inputs: [floats(length, batch, 3 * hidden), floats(hidden, 3 * hidden)] };
}

/** The input side of all gates. */
function projection({ embedding, hidden, batch, length }, whole) {
  const width = 3 * hidden;
  const fn = ([input, weights, bias, gradient]) => {
    if (whole) {
      const rows = tf.reshape(input, [length * batch, embedding]);
      const ofRows = tf.reshape(gradient, [length * batch, width]);
      const projected = tf.add(tf.matMul(rows, weights), bias);
      return ends(projected, tf.matMul(rows, ofRows, true), tf.sum(ofRows, 0), tf.matMul(ofRows, weights, false, true));
    }
    const [inputs, gradients] = [tf.unstack(input, 0), tf.unstack(gradient, 0)];
    const projected = tf.stack(inputs.map((rows) => tf.add(tf.matMul(rows, weights), bias)));
    return ends(
      projected,
      tf.addN(inputs.map((rows, step) => tf.matMul(rows, gradients[step], true))),
      tf.addN(gradients.map((own) => tf.sum(own, 0))),
      tf.stack(gradients.map((own) => tf.matMul(own, weights, false, true))),
    );
  };
  const inputs = [
    floats(length, batch, embedding),
    floats(embedding, width),
    floats(width),
    floats(length, batch, width),
  ];
  return { fn, inputs };
}

/** The gradient of weights that serve every step: one product over all steps, or one for each step and their sum. */
function weightGradient({ hidden, batch, length }, whole) {
  const fn = ([states, gradients]) => {
    const [of, by] = [tf.unstack(states, 0), tf.unstack(gradients, 0)];
    return ends(
      whole
        ? tf.matMul(tf.concat(of, 0), tf.concat(by, 0), true)
        : tf.addN(of.map((state, step) => tf.matMul(state, by[step], true))),
    );
  };
  return { fn, inputs: [floats(length, batch, hidden), floats(length, batch, 3 * hidden)] };
}

/**
 * Softmax cross-entropy and its gradient, of logits that are made in the graph. `scatter`: one number a row is looked up and
 * one replaced, as the models do. `one-hot`: the vocabulary's width for each target. `native`: TensorFlow's own operation.
 */
function crossEntropy({ vocabulary, batch, length }, way) {
  const rows = batch * length;
  const fn = ([column, row, labels, scale]) => {
    const logits = tf.add(column, row);
    if (way === 'native') {
      const { loss, gradient } = operations.sparseCrossEntropy(logits, labels, 0, scale);
      return ends(tf.mul(loss, scale), gradient);
    }
    const shifted = tf.sub(logits, tf.max(logits, 1, true));
    const exponentials = tf.exp(shifted);
    const partition = tf.sum(exponentials, 1, true);
    const positions = tf.add(labels, tf.range(0, rows * vocabulary, vocabulary, 'int32'));
    const picked = tf.gather(tf.reshape(shifted, [rows * vocabulary]), positions);
    const loss = tf.sub(tf.reshape(tf.log(partition), [rows]), picked);
    const rowScale = tf.reshape(scale, [rows, 1]);
    const perUnit = tf.div(rowScale, partition);
    const softmax = tf.mul(exponentials, perUnit);
    if (way === 'one-hot') {
      const hits = tf.cast(tf.oneHot(labels, vocabulary), 'float32');
      return ends(tf.mul(loss, scale), tf.sub(softmax, tf.mul(hits, rowScale)));
    }
    const atTarget = tf.sub(tf.mul(tf.exp(picked), tf.reshape(perUnit, [rows])), scale);
    const places = tf.stack([tf.range(0, rows, 1, 'int32'), labels], 1);
    return ends(tf.mul(loss, scale), tf.tensorScatterUpdate(softmax, places, atTarget));
  };
  return { fn, inputs: [floats(rows, 1), floats(1, vocabulary), ints(rows), floats(rows)] };
}

/** Logits of states and contexts: a product for each part and their sum, or the parts side by side and one product. */
function outputProduct({ vocabulary, hidden, batch, length }, joined) {
  const rows = batch * length;
  const fn = ([states, contexts, stateWeights, contextWeights, bias]) =>
    ends(
      joined
        ? operations.addBias(
            tf.matMul(tf.concat([states, contexts], 1), tf.concat([stateWeights, contextWeights], 0)),
            bias,
          )
        : tf.add(tf.add(tf.matMul(states, stateWeights), tf.matMul(contexts, contextWeights)), bias),
    );
  const inputs = [
    floats(rows, hidden),
    floats(rows, hidden),
    floats(hidden, vocabulary),
    floats(hidden, vocabulary),
    floats(vocabulary),
  ];
  return { fn, inputs };
}

/** A symbol's embedding times the input weights: the table's product looked up, or the looked-up rows multiplied. */
function tableProduct({ vocabulary, embedding, hidden, batch, length }, lookedUp) {
  const fn = ([table, weights, bias, ids, gradient]) => {
    if (lookedUp) {
      const ofTable = tf.unsortedSegmentSum(gradient, ids, vocabulary);
      return ends(
        tf.gather(tf.add(tf.matMul(table, weights), bias), ids),
        tf.matMul(ofTable, weights, false, true),
        tf.matMul(table, ofTable, true),
      );
    }
    const embedded = tf.gather(table, ids);
    return ends(
      tf.add(tf.matMul(embedded, weights), bias),
      tf.unsortedSegmentSum(tf.matMul(gradient, weights, false, true), ids, vocabulary),
      tf.matMul(embedded, gradient, true),
    );
  };
  const rows = batch * length;
  const inputs = [
    floats(vocabulary, embedding),
    floats(embedding, 3 * hidden),
    floats(3 * hidden),
    ints(rows),
    floats(rows, 3 * hidden),
  ];
  return { fn, inputs };
}

const choices = [
  ['one product for all gates', 'a product for each gate', (size) => [recurrence(size, false), recurrence(size, true)]],
  ['input projected for a whole sequence', 'at each step', (size) => [projection(size, true), projection(size, false)]],
  [
    "weights' gradient in one product",
    'one for each step, summed',
    (size) => [weightGradient(size, true), weightGradient(size, false)],
  ],
  [
    'cross-entropy by look-up and scatter',
    'a one-hot of the vocabulary',
    (size) => [crossEntropy(size, 'scatter'), crossEntropy(size, 'one-hot')],
  ],
  [
    'cross-entropy by look-up and scatter',
    "TensorFlow's sparse operation",
    (size) => [crossEntropy(size, 'scatter'), crossEntropy(size, 'native')],
  ],
  [
    'the smaller of table and tokens multiplied',
    'the larger',
    (size) => {
      const small = size.vocabulary <= size.batch * size.length;
      return [tableProduct(size, small), tableProduct(size, !small)];
    },
  ],
  [
    'parts of the output multiplied alone',
    'joined into one product',
    (size) => [outputProduct(size, false), outputProduct(size, true)],
  ],
];

/** Values in -0.5 to 0.5, or ids below the vocabulary. */
const dataOf = ({ shape, dtype }, vocabulary) => {
  const elements = shape.reduce((product, size) => product * size, 1);
  return dtype === 'int32'
    ? Int32Array.from({ length: elements }, (_, i) => (i * 7919) % vocabulary)
    : Float32Array.from({ length: elements }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5);
};

const backend = await openBackend({ prefer: values.backend, device: 'cpu', threads: 1 });
console.log(`${backend.version} on ${machine().processor}, 1 thread; milliseconds of processor time, medians`);
console.log(
  `${'size'.padEnd(6)} ${'choice'.padEnd(42)} ${'ms'.padStart(9)}  ${'instead of'.padEnd(30)} ${'ms'.padStart(9)}  saves`,
);
const cases = [];
for (const name of values.sizes.split(',')) {
  const size = sizes[name];
  for (const [title, other, ways] of choices) {
    const { busy } = await activity();
    const contestants = ways(size).map(({ fn, inputs }, way) => {
      const traced = backend.trace(`${name} ${title} ${way}`, fn, inputs);
      const data = inputs.map((spec) => dataOf(spec, size.vocabulary));
      return { traced, run: () => traced.run(data), times: [] };
    });
    const results = [];
    for (const { run } of contestants) results.push((await run()).map(([value]) => value));
    // Both ways must give the same sums, up to rounding and to how the weights are cut.
    const [mine, its] = results.map((sums) => sums[0]);
    if (!(Math.abs(mine - its) <= 1e-2 * (1 + Math.abs(mine)))) throw new Error(`${title}: ${mine} is not ${its}`);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const { run, times } of contestants) {
        const began = process.cpuUsage();
        for (let index = 0; index < Number(values.runs); index++) await run();
        const { user, system } = process.cpuUsage(began);
        times.push((user + system) / 1000 / Number(values.runs));
      }
    }
    for (const { traced } of contestants) traced.dispose();
    const [chosen, instead] = contestants.map(({ times }) => times);
    const ratio = median(instead.map((time, round) => time / chosen[round]));
    cases.push({
      name: `${name}: ${title}, not ${other}`,
      choice: title,
      instead: other,
      ms: median(chosen),
      ms_instead: median(instead),
      ratio,
      others_busy: busy,
    });
    const saved = `${Math.round(100 * (1 - 1 / ratio))} %`.padStart(5);
    console.log(
      `${name.padEnd(6)} ${title.padEnd(42)} ${median(chosen).toFixed(2).padStart(9)}  ${other.padEnd(30)} ${median(instead).toFixed(2).padStart(9)}  ${saved}`,
    );
  }
}
backend.dispose();
mkdirSync('bench/out', { recursive: true });
writeFileSync('bench/out/fused-choices.json', `${JSON.stringify({ machine: machine(), cases }, null, 2)}\n`);
