import { expect, it } from 'vitest';
import { batches } from './batches.js';

async function* items(count: number): AsyncGenerator<number> {
  for (let item = 1; item <= count; item += 1) yield item;
}

it('groups by count, and ends with what is left', async () => {
  expect(await collect(items(5))).toEqual([[1, 2], [3, 4], [5]]);
});

it('gives out what it has when more does not come in time', async () => {
  let release: () => void = () => undefined;
  async function* slow(): AsyncGenerator<number> {
    yield 1;
    yield 2;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    yield 3;
  }
  const seen: number[][] = [];
  for await (const batch of batches(slow(), { maxItems: 10, maxWaitMs: 5 })) {
    seen.push(batch);
    release();
  }
  expect(seen).toEqual([[1, 2], [3]]);
});

async function collect(source: AsyncIterable<number>): Promise<number[][]> {
  const seen: number[][] = [];
  for await (const batch of batches(source, { maxItems: 2, maxWaitMs: 10_000 })) seen.push(batch);
  return seen;
}
