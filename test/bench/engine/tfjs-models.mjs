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

export const tfjsModels = { gru };
