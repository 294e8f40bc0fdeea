import { largest } from './largest.js';

/** Symbols that may be drawn. */
export interface Distribution {
  readonly symbols: readonly number[];
  /** Sum to 1. */
  readonly probabilities: Float64Array;
}

export interface SamplingOptions {
  readonly temperature: number;
  readonly topK: number | null;
  readonly topP: number;
}

/**
 * What sampling draws from: the logits divided by the temperature; of these the `topK` largest (Fan et al. 2018); of their
 * softmax the fewest most likely that have `topP` of it together (Holtzman et al. 2020), at least one. Equal logits go by symbol.
 *
 * @param logits -Infinity at what may not be drawn
 */
export function samplingDistribution(logits: Float32Array, { temperature, topK, topP }: SamplingOptions): Distribution {
  const places = topK === null || topK >= logits.length ? possible(logits) : largest(logits, topK);
  const most = places.reduce((best, place) => Math.max(best, logits[place] as number), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(places, (place) => Math.exp(((logits[place] as number) - most) / temperature));
  const all = normalised({ symbols: places, probabilities: weights });
  return topP >= 1 ? all : nucleus(all, topP);
}

/** @param uniform from [0, 1) */
export function draw({ symbols, probabilities }: Distribution, uniform: number): number {
  let below = 0;
  let last = -1;
  for (const [index, probability] of probabilities.entries()) {
    if (probability === 0) continue;
    last = index;
    below += probability;
    if (uniform < below) break;
  }
  // Rounding may leave the sum a little below 1: the rest is the last one's.
  return symbols[last] as number;
}

function possible(logits: Float32Array): number[] {
  const places: number[] = [];
  for (const [place, logit] of logits.entries()) if (logit > Number.NEGATIVE_INFINITY) places.push(place);
  return places;
}

function nucleus({ symbols, probabilities }: Distribution, topP: number): Distribution {
  // Symbols less likely than this have less than 1 - topP together: the nucleus has none of them, and few are left to sort.
  const floor = (1 - topP) / symbols.length;
  const order: number[] = [];
  for (const [index, probability] of probabilities.entries()) if (probability >= floor) order.push(index);
  const probability = (index: number): number => probabilities[index] as number;
  order.sort((a, b) => probability(b) - probability(a) || (symbols[a] as number) - (symbols[b] as number));
  let together = 0;
  let count = 0;
  while (count < order.length && together < topP) together += probability(order[count++] as number);
  const kept = order.slice(0, Math.max(1, count));
  return normalised({
    symbols: kept.map((index) => symbols[index] as number),
    probabilities: Float64Array.from(kept, probability),
  });
}

function normalised({ symbols, probabilities }: Distribution): Distribution {
  const sum = probabilities.reduce((a, b) => a + b, 0);
  return { symbols, probabilities: probabilities.map((probability) => probability / sum) };
}
