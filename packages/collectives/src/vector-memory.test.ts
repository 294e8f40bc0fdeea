import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { vectorMemory } from './vector-memory.js';

describe.each(['auto', 'javascript'] as const)('vector memory, %s', (way) => {
  it('gives aligned vectors of zeros apart from one another', () => {
    const memory = vectorMemory(10_000, way);
    const [a, code, b] = [memory.float32(3), memory.bytes(5), memory.float32(1_000)];
    for (const view of [a, code, b]) expect(view.byteOffset % 64).toBe(0);
    expect(b.every((value) => value === 0)).toBe(true);
    a.fill(1);
    code.fill(2);
    memory.arithmetic.scale(b.fill(3), 2);
    expect([...a, ...code]).toEqual([1, 1, 1, 2, 2, 2, 2, 2]);
    expect(b.every((value) => value === 6)).toBe(true);
  });

  it('lies before all threads', async () => {
    const memory = vectorMemory(1_000, way);
    const vector = memory.float32(100).fill(2);
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       for (let i = 0; i < workerData.length; i++) workerData[i] += i;`,
      { eval: true, workerData: vector },
    );
    await once(worker, 'exit');
    memory.arithmetic.scale(vector, 10);
    expect(vector[99]).toBe(1_010);
  });
});

it('has room for what was asked for, and says when that was too little', () => {
  const memory = vectorMemory(1_000_000);
  for (let i = 0; i < 1_000; i++) memory.float32(250);
  expect(() => memory.float32(100_000)).toThrow('reserve more');
});

it('takes plain memory where more than 4 GiB are asked for', () => {
  const memory = vectorMemory(2 ** 32);
  expect(memory.notice).toContain('4 GiB');
  const vector = memory.float32(10).fill(1);
  expect(memory.arithmetic.allFinite(vector)).toBe(true);
});
