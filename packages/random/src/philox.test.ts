import { describe, expect, it } from 'vitest';
import { fillPhilox, philox } from './philox.js';
import { randomStream, shuffle } from './random-stream.js';

describe('philox', () => {
  // Known answers of the Random123 distribution (kat_vectors, philox 4x32 10).
  it('equals the published vectors', () => {
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    expect(philox([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])).toEqual([
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd,
    ]);
    expect(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
    ]);
  });
});

describe('fillPhilox', () => {
  it('lays blocks out in order, counts in 64 bits and takes negative words', () => {
    const words = fillPhilox(new Int32Array(10), [0xfffffffe, 6, -3, 9], [-1, 5]);
    const blocks = [
      [0xfffffffe, 6],
      [0xffffffff, 6],
      [0, 7],
    ].flatMap(([low, high]) => philox([low as number, high as number, -3 >>> 0, 9], [0xffffffff, 5]));
    expect([...words]).toEqual(blocks.slice(0, 10).map((word) => word | 0));
  });
});

describe('randomStream', () => {
  it('is a function of seed and names', () => {
    const draws = (seed: number, ...names: (string | number)[]) => {
      const stream = randomStream(seed, ...names);
      return Array.from({ length: 9 }, () => stream.uint32());
    };
    expect(draws(7, 'shuffle', 3)).toEqual(draws(7, 'shuffle', 3));
    expect(draws(7, 'shuffle', 3)).not.toEqual(draws(7, 'shuffle', 4));
    expect(draws(7, 'shuffle', 3)).not.toEqual(draws(8, 'shuffle', 3));
  });

  it('has the mean and variance of its distributions', () => {
    const stream = randomStream(1, 'moments');
    const n = 20_000;
    const normals = Array.from({ length: n }, () => stream.normal());
    const mean = normals.reduce((a, b) => a + b) / n;
    const variance = normals.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });

  it('shuffles to a permutation', () => {
    const values = Int32Array.from({ length: 100 }, (_, i) => i);
    shuffle(values, randomStream(3, 's'));
    expect([...values]).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
