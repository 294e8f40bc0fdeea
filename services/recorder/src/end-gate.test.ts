import { expect, it, vi } from 'vitest';
import { EndGate } from './end-gate.js';
import type { DecodedMessage } from './record-writer.js';

const end = (sequence: number): DecodedMessage => ({ message: { sequence } }) as unknown as DecodedMessage;

it('lets an end through once everything before it is settled, in the order of the stream', async () => {
  let settled = 4;
  const written: number[] = [];
  const gate = new EndGate(
    () => Promise.resolve(settled),
    ([first]) => {
      const sequence = first?.message.sequence ?? 0;
      written.push(sequence);
      settled = Math.max(settled, sequence);
      return Promise.resolve();
    },
    new AbortController().signal,
  );
  gate.hold([end(9), end(5)]);
  await vi.waitUntil(() => written.length > 0);
  gate.hold([end(6)]);
  await vi.waitUntil(() => written.length > 1);
  expect(written).toEqual([5, 6]);
  settled = 8;
  await gate.close();
  expect(written).toEqual([5, 6, 9]);
});

it('gives up what it holds when it is ended', async () => {
  const ending = new AbortController();
  const write = vi.fn(() => Promise.resolve());
  const gate = new EndGate(() => Promise.reject(new Error('away')), write, ending.signal);
  gate.hold([end(2)]);
  ending.abort();
  await gate.close();
  expect(write).not.toHaveBeenCalled();
});
