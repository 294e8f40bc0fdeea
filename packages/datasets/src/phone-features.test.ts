import { describe, expect, it } from 'vitest';
import { framesOf } from './frame-sequence.js';
import { articulation, nearestPhones, phoneFeatureNames, phoneFeatures } from './phone-features.js';
import { loadWords } from './words.js';

describe('phoneFeatures', () => {
  it('describes the 39 phones of the dictionary, each unlike every other, in 0 to 1', async () => {
    const used = new Set((await loadWords()).flatMap(({ pronunciations }) => pronunciations.flat()));
    const phones = new Set([...used].map((phone) => phone.replace(/\d$/, '')));
    expect([...phoneFeatures.keys()].sort()).toEqual([...phones].sort());
    expect(phones.size).toBe(39);
    const vectors = [...phoneFeatures.values()];
    expect(new Set(vectors.map((vector) => vector.join(' '))).size).toBe(39);
    for (const vector of vectors) {
      expect(vector.length).toBe(phoneFeatureNames.length);
      expect(vector.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });

  it('finds each phone again from its own vector, also a little off', () => {
    const phones = [...phoneFeatures.keys()];
    const frames = articulation(phones);
    expect(nearestPhones(frames)).toEqual(phones);
    expect(nearestPhones({ ...frames, values: frames.values.map((value) => value * 0.98 + 0.01) })).toEqual(phones);
    expect(nearestPhones(framesOf([], phoneFeatureNames.length))).toEqual([]);
    expect(() => articulation(['AH0'])).toThrow(RangeError);
  });
});
