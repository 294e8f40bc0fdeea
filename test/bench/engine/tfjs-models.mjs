/** Models in plain TensorFlow.js. `p` gives a variable by the name it has in Tributary's layout. */

function cell(tf, input, recurrent, state) {
  const [xr, xu, xn] = tf.split(input, 3, 1);
  const [hr, hu, hn] = recurrent;
  const reset = tf.sigmoid(tf.add(xr, hr));
  const update = tf.sigmoid(tf.add(xu, hu));
  const candidate = tf.tanh(tf.add(xn, tf.mul(reset, hn)));
  return tf.add(state, tf.mul(update, tf.sub(candidate, state)));
}

function crossEntropy(tf, logits, wanted, vocabulary) {
  const picked = tf.mul(tf.logSoftmax(logits), tf.oneHot(tf.reshape(wanted, [-1]), vocabulary));
  return tf.neg(tf.mean(tf.sum(picked, -1)));
}

function gru(tf, { vocabulary, hidden }, p, { source, fed, wanted }) {
  const [batch, sources] = source.shape;
  const targets = fed.shape[1];
  const steps = (table, ids, weights, bias, length) => {
    const rows = tf.gather(table, tf.reshape(tf.transpose(ids), [length * batch]));
    return tf.unstack(tf.reshape(tf.add(tf.matMul(rows, weights), bias), [length, batch, 3 * hidden]), 0);
  };
  return () => {
    let state = tf.zeros([batch, hidden]);
    const states = [];
    const recurrent = p('shared/encoder.0.forward.recurrent');
    const embedded = steps(
      p('shared/embedding'),
      source,
      p('shared/encoder.0.forward.input'),
      p('shared/encoder.0.forward.bias'),
      sources,
    );
    for (const input of embedded) {
      state = cell(tf, input, tf.split(tf.matMul(state, recurrent), 3, 1), state);
      states.push(state);
    }
    const memory = tf.stack(states, 1);
    const flat = tf.reshape(memory, [batch * sources, hidden]);
    const keys = tf.reshape(tf.matMul(flat, p('task/attention.keys')), [batch, sources, hidden]);
    state = tf.tanh(tf.add(tf.matMul(state, p('task/bridge.weights')), p('task/bridge.bias')));
    const outputs = [];
    for (const input of steps(p('task/embedding'), fed, p('task/generator.input'), p('task/generator.bias'), targets)) {
      const [hr, hu, hn, query] = tf.split(tf.matMul(state, p('task/generator.state')), 4, 1);
      const activation = tf.tanh(tf.add(keys, tf.expandDims(query, 1)));
      const scores = tf.matMul(tf.reshape(activation, [batch * sources, hidden]), p('task/attention.scores'));
      const weights = tf.softmax(tf.reshape(scores, [batch, sources]));
      const context = tf.reshape(tf.matMul(tf.expandDims(weights, 1), memory), [batch, hidden]);
      const gates = tf.add(input, tf.matMul(context, p('task/generator.context')));
      state = cell(tf, gates, [hr, hu, hn], state);
      outputs.push(tf.concat([state, context], 1));
    }
    const output = tf.concat([p('task/output.state'), p('task/output.context')], 0);
    const all = tf.reshape(tf.stack(outputs, 1), [batch * targets, 2 * hidden]);
    const logits = tf.add(tf.matMul(all, output), p('task/output.bias'));
    return crossEntropy(tf, logits, wanted, vocabulary);
  };
}

function transformer(tf, { vocabulary, width, layers, heads }, p, { source, fed, wanted }) {
  const [batch, sources] = source.shape;
  const targets = fed.shape[1];
  const size = width / heads;
  const norm = (rows, name) => {
    const { mean, variance } = tf.moments(rows, -1, true);
    const normal = tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(normal, p(`${name}.gain`)), p(`${name}.bias`));
  };
  const linear = (rows, name) => tf.add(tf.matMul(rows, p(name)), p(`${name}Bias`));
  const split = (rows, length, count) => {
    const columns = tf.reshape(rows, [batch, length, count, heads, size]);
    const parts = tf.transpose(columns, [2, 0, 3, 1, 4]);
    // The gradient of unstack fails on a single piece.
    return count === 1 ? [tf.squeeze(parts, [0])] : tf.unstack(parts, 0);
  };
  const attend = (queries, keys, values, bias, length) => {
    const scores = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(size));
    const weights = tf.softmax(bias === undefined ? scores : tf.add(scores, bias));
    return tf.reshape(tf.transpose(tf.matMul(weights, values), [0, 2, 1, 3]), [batch * length, width]);
  };
  const selfPart = (rows, name, length, bias) => {
    const [queries, keys, values] = split(tf.matMul(norm(rows, `${name}.norm`), p(`${name}.projections`)), length, 3);
    return tf.add(rows, linear(attend(queries, keys, values, bias, length), `${name}.output`));
  };
  const sourcePart = (rows, name, memory) => {
    const [queries] = split(tf.matMul(norm(rows, `${name}.norm`), p(`${name}.queries`)), targets, 1);
    const [keys, values] = split(tf.matMul(memory, p(`${name}.memory`)), sources, 2);
    return tf.add(rows, linear(attend(queries, keys, values, undefined, targets), `${name}.output`));
  };
  const feedPart = (rows, name) =>
    tf.add(rows, linear(tf.relu(linear(norm(rows, `${name}.norm`), `${name}.inner`)), `${name}.outer`));
  const positions = (length) => {
    const frequencies = tf.pow(10_000, tf.div(tf.range(0, width / 2), -width / 2));
    const angles = tf.mul(tf.reshape(tf.range(0, length), [length, 1]), frequencies);
    return tf.concat([tf.sin(angles), tf.cos(angles)], 1);
  };
  const constants = tf.tidy(() => ({
    sources: positions(sources),
    targets: positions(targets),
    causal: tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([targets, targets]), -1, 0)), -1e9),
  }));
  return () => {
    const place = (ids, at) =>
      tf.reshape(tf.add(tf.gather(p('shared/embedding'), ids), at), [ids.shape[0] * ids.shape[1], width]);
    let memory = place(source, constants.sources);
    for (let i = 0; i < layers; i++) {
      memory = selfPart(memory, `shared/encoder.${i}.self`, sources, undefined);
      memory = feedPart(memory, `shared/encoder.${i}.feed`);
    }
    memory = norm(memory, 'shared/encoder.norm');
    let rows = place(fed, constants.targets);
    for (let i = 0; i < layers; i++) {
      rows = selfPart(rows, `task/generator.${i}.self`, targets, constants.causal);
      rows = sourcePart(rows, `task/generator.${i}.source`, memory);
      rows = feedPart(rows, `task/generator.${i}.feed`);
    }
    const scaled = tf.mul(norm(rows, 'task/generator.norm'), 1 / Math.sqrt(width));
    const logits = tf.add(tf.matMul(scaled, p('shared/embedding'), false, true), p('task/output.symbolBias'));
    return crossEntropy(tf, logits, wanted, vocabulary);
  };
}

export const tfjsModels = { gru, transformer };
