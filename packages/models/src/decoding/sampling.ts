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
  let most = Number.NEGATIVE_INFINITY;
  for (const place of places) most = Math.max(most, logits[place] as number);
  const weights = new Float64Array(places.length);
  places.forEach((place, index) => {
    weights[index] = Math.exp(((logits[place] as number) - most) / temperature);
  });
  const all = normalised({ symbols: places, probabilities: weights });
  return topP >= 1 ? all : nucleus(all, topP);
}

/** @param uniform from [0, 1) */
export function draw({ symbols, probabilities }: Distribution, uniform: number): number {
  let below = 0;
  let last = -1;
  for (let index = 0; index < probabilities.length; index++) {
    const probability = probabilities[index] as number;
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
  for (let place = 0; place < logits.length; place++)
    if ((logits[place] as number) > Number.NEGATIVE_INFINITY) places.push(place);
  return places;
}

function nucleus({ symbols, probabilities }: Distribution, topP: number): Distribution {
  // Numbers alone, since sorting them is several times as fast as sorting symbols by them.
  const ascending = probabilities.slice().sort();
  let together = 0;
  let least = ascending.length;
  while (least > 0 && together < topP) together += ascending[--least] as number;
  const threshold = ascending[least] as number;
  let equal = 0;
  while (least + equal < ascending.length && ascending[least + equal] === threshold) equal++;
  const kept: number[] = [];
  for (let index = 0; index < probabilities.length; index++) {
    const probability = probabilities[index] as number;
    // Of those as likely as the last one as many as are needed.
    if (probability > threshold || (probability === threshold && equal-- > 0)) kept.push(index);
  }
  return normalised({
    symbols: kept.map((index) => symbols[index] as number),
    probabilities: Float64Array.from(kept, (index) => probabilities[index] as number),
  });
}

function normalised({ symbols, probabilities }: Distribution): Distribution {
  let sum = 0;
  for (let index = 0; index < probabilities.length; index++) sum += probabilities[index] as number;
  return { symbols, probabilities: probabilities.map((probability) => probability / sum) };
}
