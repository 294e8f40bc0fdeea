/**
 * The models and sizes that are compared, in the terms of the run file, with the multiplications of one step counted from the
 * shapes: of the model as it is defined, whatever a formulation saves or wastes, matrix products only.
 */

/** Symbols 0 to 3 are special: padding, `<s>`, `</s>`, unknown. */
export const firstSymbol = 4;

/** GRU encoder and GRU generator with additive attention: vocabulary, embedding, hidden units, rows, source and target symbols. */
function recurrentCase(title, [vocabulary, embedding, hidden, batch, source, target]) {
  const [sources, targets, gates] = [batch * source, batch * target, 3 * hidden];
  const forward =
    sources * embedding * gates +
    sources * hidden * gates +
    sources * hidden * hidden + // keys
    batch * hidden * hidden + // bridge
    targets * (embedding * gates + hidden * (gates + hidden) + hidden * gates) + // symbol; state and query; context
    2 * targets * source * hidden + // scores, context
    targets * 2 * hidden * vocabulary;
  return {
    title,
    family: 'gru',
    vocabulary,
    shape: { batch, source, target },
    sizes: { vocabulary, embedding, hidden },
    model: {
      embedding: { size: embedding, share: 'source' },
      encoder: { kind: 'gru', hidden, layers: 1, bidirectional: false },
      attention: { kind: 'bahdanau', size: hidden },
      generator: { kind: 'gru', hidden },
    },
    productFlops: 3 * 2 * forward,
  };
}

/** Pre-norm Transformer, as many layers on both sides, heads of 64, one table for sources, targets and the output. */
function transformerCase(title, [vocabulary, width, layers, batch, length], dropout) {
  const heads = width / 64;
  const feedForward = 4 * width;
  const rows = batch * length;
  const attention = (positions) => 2 * rows * positions * width;
  // What is masked as the future is not counted: on average a position sees half of the targets.
  const causal = attention((length + 1) / 2);
  const perLayer = 4 * rows * width * width + 2 * rows * width * feedForward;
  const forward =
    layers * (perLayer + attention(length)) +
    layers * (perLayer + causal + 4 * rows * width * width + attention(length)) +
    rows * width * vocabulary;
  const side = { kind: 'transformer', width, layers, heads, feedForward, dropout };
  return {
    title,
    family: 'transformer',
    vocabulary,
    shape: { batch, source: length, target: length },
    sizes: { vocabulary, width, layers, heads, feedForward, dropout },
    model: {
      embedding: { size: width, share: 'all' },
      encoder: side,
      attention: { kind: 'bahdanau' },
      generator: side,
    },
    productFlops: 3 * 2 * forward,
  };
}

const models = {
  'gru-small': recurrentCase('GRU + Bahdanau 64,256,256,64,16,16', [64, 256, 256, 64, 16, 16]),
  'gru-large': recurrentCase('GRU + Bahdanau 8000,512,512,32,48,48', [8000, 512, 512, 32, 48, 48]),
  'transformer-small': transformerCase('Transformer 256 wide, 4 layers, 64 x 32', [8000, 256, 4, 64, 32], 0),
  'transformer-large': transformerCase('Transformer 512 wide, 6 layers, 16 x 128', [8000, 512, 6, 16, 128], 0),
  'transformer-small-dropout': transformerCase('Transformer 256 wide, dropout 0.1', [8000, 256, 4, 64, 32], 0.1),
  'transformer-large-dropout': transformerCase('Transformer 512 wide, dropout 0.1', [8000, 512, 6, 16, 128], 0.1),
};

/** Every case in both precisions, by name: `gru-small-float32`, … */
export const cases = Object.entries(models).flatMap(([name, model]) =>
  ['float32', 'bf16'].map((precision) => ({ ...model, name: `${name}-${precision}`, group: name, precision })),
);

export const optimizer = { kind: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The one batch that every contestant trains on: i32[B, S] and i32[B, T + 1], every row full, from a fixed generator. */
export function batchOf({ vocabulary, shape }) {
  let state = 12345;
  const symbol = () => {
    // A multiplicative generator modulo 2^31 - 1 (Park and Miller 1988).
    state = (state * 16807) % 2147483647;
    return firstSymbol + (state % (vocabulary - firstSymbol));
  };
  const source = Int32Array.from({ length: shape.batch * shape.source }, symbol);
  const columns = shape.target + 1;
  const target = Int32Array.from({ length: shape.batch * columns }, (_, i) => {
    if (i % columns === 0) return 1;
    return i % columns === shape.target ? 2 : symbol();
  });
  return { source, target };
}

/** Source and target symbols of a step. */
export const tokensOf = ({ shape }) => shape.batch * (shape.source + shape.target);
