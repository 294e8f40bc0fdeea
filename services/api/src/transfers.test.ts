import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { Transfers } from './transfers.js';

const refused = expect.objectContaining({ code: 'SERVER_FAILED', message: expect.stringContaining('try again') });

it('lets so many streams be read at once, and the next one when one is read or given up', async () => {
  const transfers = new Transfers();
  const open = () => transfers.out(() => Readable.from(['a', 'b']));
  const streams = [open(), open(), open(), open()] as const;
  expect(open).toThrow(refused);
  streams[0].destroy();
  await once(streams[0], 'close');
  const next = open();
  expect(open).toThrow(refused);
  await next.toArray();
  await expect(transfers.in(async () => 'done')).resolves.toBe('done');
});

it('counts neither what failed to open nor what failed', async () => {
  const transfers = new Transfers();
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const fail = () => {
      throw new Error('no connection');
    };
    expect(() => transfers.out(fail)).toThrow('no connection');
    await expect(transfers.in(async () => fail())).rejects.toThrow('no connection');
  }
  expect(await transfers.out(() => Readable.from(['a'])).toArray()).toEqual(['a']);
});
