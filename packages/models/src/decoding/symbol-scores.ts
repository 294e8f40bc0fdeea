import { specialIds } from '@tributary/protocol';

/** Symbols that no output ever holds. */
const neverChosen = [specialIds.pad, specialIds.start, specialIds.unknown] as const;

/** What the model says of the next symbol of one row. */
export interface RowScores {
  /** Logits f32[V]; not to be changed. */
  readonly logits: Float32Array;
  /** Logarithm of the sum of their exponentials. */
  readonly logNormaliser: number;
  /** Weights over the positions of the source; null where they are not wanted. */
  readonly attention: Float32Array | null;
}

/** Logits to choose from, -Infinity at what may not be chosen. */
export interface SymbolScores {
  readonly logits: Float32Array;
  /** Of the logits before anything was forbidden, so that probabilities are those of the whole vocabulary. */
  readonly logNormaliser: number;
}

/**
 * Divides each logit above 0 of a symbol that was generated before by the penalty, and multiplies the others (Keskar et al.
 * 2019, in the form that Hugging Face gave it for logits below 0). However often a symbol came, it is penalised once.
 */
export function penalised(logits: Float32Array, generated: Iterable<number>, penalty: number): Float32Array {
  const result = logits.slice();
  for (const symbol of generated) {
    const logit = logits[symbol] as number;
    result[symbol] = logit > 0 ? logit / penalty : logit * penalty;
  }
  return result;
}

/** @param penalty 1: none */
export function symbolScores(row: RowScores, generated: Iterable<number>, penalty: number): SymbolScores {
  const logits = penalty === 1 ? row.logits.slice() : penalised(row.logits, generated, penalty);
  const logNormaliser = penalty === 1 ? row.logNormaliser : logSumExp(logits);
  for (const symbol of neverChosen) logits[symbol] = Number.NEGATIVE_INFINITY;
  return { logits, logNormaliser };
}

export function logSumExp(values: Float32Array): number {
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const value of values) sum += Math.exp(value - most);
  return most + Math.log(sum);
}
