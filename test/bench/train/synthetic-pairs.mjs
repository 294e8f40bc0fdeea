import { firstSymbol } from '../engine/cases.mjs';

/**
 * Pairs of symbols, all as long as the case's shape and together naming every symbol, so that the trainer's own data path gives
 * exactly the case's vocabulary and full batches: TSV files by path.
 */
export function syntheticFiles({ vocabulary, shape }, rows) {
  const symbols = vocabulary - firstSymbol;
  let state = 12345;
  const draw = () => {
    // A multiplicative generator modulo 2^31 - 1 (Park and Miller 1988).
    state = (state * 16807) % 2147483647;
    return state % symbols;
  };
  const sequences = (length, count) =>
    Array.from({ length: count }, (_, row) =>
      // The first ones name every symbol in turn.
      Array.from({ length }, (_, column) => {
        const at = row * length + column;
        return `s${at < symbols ? at : draw()}`;
      }).join(' '),
    );
  const file = (count) => {
    const sources = sequences(shape.source, count);
    // `</s>` is the last of the predicted positions.
    const targets = sequences(shape.target - 1, count);
    return `source\ttarget\n${sources.map((source, row) => `${source}\t${targets[row]}\n`).join('')}`;
  };
  if (rows * (shape.target - 1) < symbols) throw new Error(`${rows} rows do not name ${symbols} symbols`);
  return { 'train.tsv': file(rows), 'validation.tsv': file(4), 'test.tsv': file(4) };
}

/** The run file of a case. */
export function runFileOf(benchCase, { codec, replicas, optimizer }) {
  const { model, shape, precision } = benchCase;
  const never = 1_000_000_000;
  return {
    experiment: 'bench-train',
    model,
    tasks: [
      {
        name: 'bench',
        data: { source: 'file', format: 'tsv', path: 'train.tsv', validation: 'validation.tsv', test: 'test.tsv' },
        replicas,
      },
    ],
    optimizer,
    clip: { globalNorm: 1 },
    batch: { size: shape.batch },
    lengths: { source: shape.source, target: shape.target, buckets: 1 },
    sync: { codec },
    compute: { threads: 1, precision },
    checkpoints: { every: never },
    evaluation: { every: never, examples: 1, samples: 0 },
    budget: { steps: never },
  };
}
