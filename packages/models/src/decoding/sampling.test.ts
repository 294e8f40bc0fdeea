import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { largest } from './largest.js';
import { draw, type SamplingOptions, samplingDistribution } from './sampling.js';
import { logSumExp, penalised, symbolScores } from './symbol-scores.js';

const all: SamplingOptions = { temperature: 1, topK: null, topP: 1 };
const vocabulary = 12;
const logitsOf = (name: string): Float32Array => {
  const stream = randomStream(3, 'logits', name);
  return Float32Array.from({ length: vocabulary }, () => 2 * stream.normal());
};

/** By definition, over the whole vocabulary. */
function expected(logits: Float32Array, { temperature, topK, topP }: SamplingOptions): number[] {
  const order = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  const kept = order.slice(0, topK ?? vocabulary);
  const weight = (place: number) => Math.exp((logits[place] as number) / temperature);
  const sum = kept.reduce((total, place) => total + weight(place), 0);
  const nucleus: number[] = [];
  let share = 0;
  for (const place of kept) {
    if (share >= topP) break;
    nucleus.push(place);
    share += weight(place) / sum;
  }
  const together = nucleus.reduce((total, place) => total + weight(place), 0);
  return [...logits.keys()].map((place) => (nucleus.includes(place) ? weight(place) / together : 0));
}

const cases: [string, SamplingOptions][] = [
  ['all symbols', all],
  ['a low temperature', { ...all, temperature: 0.5 }],
  ['a high temperature', { ...all, temperature: 2 }],
  ['the 4 most likely', { ...all, topK: 4 }],
  ['a nucleus of 0.8', { ...all, topP: 0.8 }],
  ['a nucleus of the 6 most likely, warm', { temperature: 1.5, topK: 6, topP: 0.7 }],
];

describe('sampling', () => {
  it.each(cases)('draws from its definition: %s', (name, options) => {
    for (let trial = 0; trial < 50; trial++) {
      const logits = logitsOf(`${name} ${trial}`);
      const { symbols, probabilities } = samplingDistribution(logits, options);
      const found = new Array<number>(vocabulary).fill(0);
      for (const [index, symbol] of symbols.entries()) found[symbol] = probabilities[index] as number;
      for (const [symbol, probability] of expected(logits, options).entries())
        expect(found[symbol], `${name} ${trial} ${symbol}`).toBeCloseTo(probability, 9);
    }
  });

  it.each(cases)('has the frequencies of its distribution and never leaves its set: %s', (name, options) => {
    const logits = logitsOf(name);
    const probabilities = expected(logits, options);
    const distribution = samplingDistribution(logits, options);
    const stream = randomStream(11, 'draws', name);
    const draws = 50_000;
    const counts = new Array<number>(vocabulary).fill(0);
    for (let index = 0; index < draws; index++) {
      const symbol = draw(distribution, stream.uniform());
      counts[symbol] = (counts[symbol] as number) + 1;
    }
    let chiSquare = 0;
    for (const [symbol, probability] of probabilities.entries()) {
      const count = counts[symbol] as number;
      if (probability === 0) expect(count, `symbol ${symbol}`).toBe(0);
      else chiSquare += (count - draws * probability) ** 2 / (draws * probability);
    }
    // The 99.9% quantile for 11 degrees of freedom, which no case has more of.
    expect(chiSquare).toBeLessThan(31.26);
  });

  it('takes the lower symbols where not all that are equally likely are needed', () => {
    const logits = Float32Array.of(0, 1, 0, 0, 1, 0);
    const { symbols } = samplingDistribution(logits, { ...all, topP: 0.75 });
    // e / (2 e + 4) = 0.288 each, then 0.106 each.
    expect([...symbols].sort()).toEqual([0, 1, 2, 4]);
  });

  it('draws what is forbidden never, and the only symbol that is left surely', () => {
    const logits = logitsOf('forbidden');
    logits.fill(Number.NEGATIVE_INFINITY, 0, 4);
    for (const options of cases.map(([, each]) => each))
      expect(samplingDistribution(logits, options).symbols.every((symbol) => symbol > 3)).toBe(true);
    for (const options of [
      { ...all, topK: 1 },
      { ...all, topP: 1e-9 },
    ])
      expect(samplingDistribution(logits, options).symbols).toEqual(largest(logits, 1));
  });

  it('gives the last symbol what rounding leaves', () => {
    const distribution = { symbols: [5, 7, 9], probabilities: Float64Array.of(0.5, 0.5 - 1e-9, 0) };
    expect(draw(distribution, 0)).toBe(5);
    expect(draw(distribution, 0.5)).toBe(7);
    expect(draw(distribution, 1 - 2 ** -24)).toBe(7);
  });
});

describe('largest', () => {
  it('is a stable sort, cut', () => {
    const stream = randomStream(5, 'values');
    for (let trial = 0; trial < 200; trial++) {
      const values = Array.from({ length: 20 }, () =>
        stream.below(4) === 0 ? Number.NEGATIVE_INFINITY : stream.below(6),
      );
      const order = [...values.keys()]
        .filter((place) => (values[place] as number) > Number.NEGATIVE_INFINITY)
        .sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
      for (const count of [1, 3, 20, 30]) expect(largest(values, count)).toEqual(order.slice(0, count));
    }
  });
});

describe('the repetition penalty', () => {
  it('divides logits above 0 and multiplies others, once for each symbol', () => {
    const logits = Float32Array.of(4, -2, 0, 3, -1);
    expect([...penalised(logits, [0, 0, 1, 2, 4, 0], 2)]).toEqual([2, -4, 0, 3, -2]);
    expect([...logits]).toEqual([4, -2, 0, 3, -1]);
  });

  it('gives probabilities of the penalised logits, and forbids <pad>, <s> and <unk>', () => {
    const logits = logitsOf('penalty');
    const row = { logits, logNormaliser: logSumExp(logits), attention: null };
    for (const penalty of [1, 1.5]) {
      const scores = symbolScores(row, [5, 6], penalty);
      const whole = penalised(logits, [5, 6], penalty);
      const sum = whole.reduce((total, logit) => total + Math.exp(logit), 0);
      for (const symbol of [2, 4, 5, 6, 7])
        expect(Math.exp((scores.logits[symbol] as number) - scores.logNormaliser)).toBeCloseTo(
          Math.exp(whole[symbol] as number) / sum,
          6,
        );
      for (const symbol of [0, 1, 3]) expect(scores.logits[symbol]).toBe(Number.NEGATIVE_INFINITY);
    }
  });
});
