import { expect, it } from 'vitest';
import { bySymbol } from './by-symbol.js';

const tensor = (vocabulary: string, shape: number[], ...data: number[]) => ({
  vocabulary: [...vocabulary],
  shape,
  data: Float32Array.from(data),
});

it('moves rows and columns to their symbols, and keeps ours for symbols that are not there', () => {
  const rows = bySymbol(tensor('abc', [3, 2], 1, 2, 3, 4, 5, 6), tensor('cxa', [3, 2], 0, 0, 7, 8, 0, 0), 'first');
  expect(rows).toEqual({ shape: [3, 2], data: Float32Array.of(5, 6, 7, 8, 1, 2) });
  const columns = bySymbol(tensor('abc', [2, 3], 1, 2, 3, 4, 5, 6), tensor('cx', [2, 2], 0, 7, 0, 8), 'last');
  expect(columns).toEqual({ shape: [2, 2], data: Float32Array.of(3, 7, 6, 8) });
  expect(bySymbol(tensor('ab', [2], 1, 2), tensor('b', [1], 0), 'last')?.data).toEqual(Float32Array.of(2));
});

it('leaves tensors alone that are not of the vocabulary, or of another width', () => {
  expect(bySymbol(tensor('abc', [2, 2], 1, 2, 3, 4), tensor('ab', [2, 2], 0, 0, 0, 0), 'first')).toBeNull();
  expect(bySymbol(tensor('ab', [2, 1], 1, 2), tensor('ab', [2, 2], 0, 0, 0, 0), 'first')).toBeNull();
});
