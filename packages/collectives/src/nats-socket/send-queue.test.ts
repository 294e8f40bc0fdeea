import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { SendQueue } from './send-queue.js';

const line = Buffer.from('PUB subject ');
const head = Buffer.alloc(32, 1);

/** A socket whose kernel takes everything at once, or nothing until it is told. */
function socket(takes: boolean): { writable: Writable; chunks: Buffer[]; take: () => void } {
  const chunks: Buffer[] = [];
  const waiting: (() => void)[] = [];
  const writable = new Writable({
    writev(parts, done) {
      chunks.push(...parts.map(({ chunk }) => chunk as Buffer));
      if (takes) done();
      else waiting.push(done);
    },
    highWaterMark: 16 * 1024,
  });
  return { writable, chunks, take: () => waiting.shift()?.() };
}

const bytesIn = (chunks: readonly Buffer[]): number => chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('gathers what is published in one turn, and sends in its middle what is worth it', async () => {
  const { writable, chunks } = socket(true);
  const queue = new SendQueue(writable);
  queue.message(line, head, Buffer.alloc(100_000, 2));
  queue.message(line, head, Buffer.alloc(100_000, 3));
  expect(chunks).toEqual([]);
  queue.message(line, head, Buffer.alloc(100_000, 4));
  expect(bytesIn(chunks)).toBeGreaterThan(300_000);
  queue.message(line, head, Buffer.alloc(10, 5));
  await turn();
  await queue.drained();
  const expected = [100_000, 100_000, 100_000, 10].map((size, i) =>
    Buffer.concat([line, Buffer.from(`${32 + size}\r\n`), head, Buffer.alloc(size, i + 2), Buffer.from('\r\n')]),
  );
  expect(Buffer.compare(Buffer.concat(chunks), Buffer.concat(expected))).toBe(0);
  expect([queue.queuedBytes, queue.sentBytes]).toEqual([0, bytesIn(expected)]);
});

it('gives a slow socket no more than a control line may wait for, and control lines first', async () => {
  const { writable, chunks, take } = socket(false);
  const queue = new SendQueue(writable);
  const body = Buffer.alloc(300_000);
  for (let i = 0; i < 20; i++) queue.message(line, head, body);
  queue.control('PONG\r\n');
  await turn();
  const given = bytesIn(chunks) + writable.writableLength;
  expect(given).toBeLessThan(4 * 1024 * 1024);
  expect(queue.queuedBytes).toBeGreaterThan(20 * 300_000);
  while (queue.queuedBytes > 0) {
    take();
    await turn();
  }
  const all = Buffer.concat(chunks).toString('latin1');
  expect(all.length).toBe(queue.sentBytes);
  const pong = all.indexOf('PONG\r\n');
  expect(pong).toBeGreaterThan(0);
  expect(pong).toBeLessThan(4 * 1024 * 1024);
});
