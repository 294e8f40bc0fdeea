import { expect, it } from 'vitest';
import { clipToNorm, vectorNorm } from './gradient-clip.js';

it('sums squares in four sums a block of 65,536, block after block', () => {
  const values = Float32Array.from({ length: 65_536 + 7 }, (_, i) => Math.fround(Math.sin(i) * 10 ** (i % 5)));
  let total = 0;
  for (const [start, end] of [
    [0, 65_536],
    [65_536, values.length],
  ] as const) {
    const sums = [0, 0, 0, 0] as [number, number, number, number];
    for (let i = start; i < end; i++) sums[(i % 4) as 0] += (values[i] as number) * (values[i] as number);
    total += sums[0] + sums[1] + (sums[2] + sums[3]);
  }
  expect(vectorNorm(values)).toBe(Math.sqrt(total));
});

it('scales down what is too long, and nothing else', () => {
  const gradient = Float32Array.of(3, 4);
  expect(clipToNorm(gradient, null)).toBe(5);
  expect(clipToNorm(gradient, 5)).toBe(5);
  expect([...gradient]).toEqual([3, 4]);
  expect(clipToNorm(gradient, 1)).toBe(5);
  expect([...gradient]).toEqual([0.6, 0.8].map(Math.fround));
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])('has no norm where an element is %s', (element) => {
  const gradient = Float32Array.of(1, element, 3e38);
  expect(clipToNorm(gradient, 1)).not.toBeLessThan(Number.POSITIVE_INFINITY);
  expect(gradient.every(Number.isFinite)).toBe(false);
});
