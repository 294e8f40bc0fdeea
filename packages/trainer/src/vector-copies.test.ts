import { expect, it } from 'vitest';
import { VectorCopies } from './vector-copies.js';

it('copies on memory that came back, of that size, and keeps no other', () => {
  const copies = new VectorCopies();
  const vector = Float32Array.of(1, 2, 3);
  const first = copies.copy(vector);
  const second = copies.copy(vector);
  vector[0] = 9;
  expect([first, second].map((copy) => [...copy])).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  copies.giveBack([first.buffer, new ArrayBuffer(first.byteLength), new ArrayBuffer(8)]);
  expect(copies.copy(vector).buffer).not.toBe(second.buffer);
  const foreign = new ArrayBuffer(16);
  copies.giveBack([foreign]);
  expect(copies.copy(new Float32Array(4)).buffer).not.toBe(foreign);
});
