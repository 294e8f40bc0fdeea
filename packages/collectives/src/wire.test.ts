import { expect, it } from 'vitest';
import { type Head, headBytes, kinds, newMessage, readHead, readUint32s, writeUint32s } from './wire.js';

const head: Head = { kind: kinds.piece, step: 4_000_000_000, lane: 7, chunk: 9, flags: 1 };

it('reads what was written, also from an unaligned place', () => {
  const message = newMessage(123, head, 16);
  writeUint32s(message, headBytes, [1, 2, 3, 4_294_967_295]);
  const shifted = new Uint8Array(message.byteLength + 3);
  shifted.set(message, 3);
  for (const one of [message, shifted.subarray(3)]) {
    expect(readHead(one, 123)).toEqual(head);
    expect([...readUint32s(one)]).toEqual([1, 2, 3, 4_294_967_295]);
  }
});

it('refuses another plan, version, kind or length', () => {
  const message = (): Uint8Array => newMessage(123, head, 4);
  expect(readHead(message(), 124)).toBeNull();
  expect(readHead(message().subarray(0, headBytes + 3), 123)).toBeNull();
  expect(readHead(message().subarray(0, headBytes - 1), 123)).toBeNull();
  for (const [at, value] of [
    [0, 0],
    [2, 9],
    [3, 0],
    [3, 8],
  ] as const) {
    const changed = message();
    changed[at] = value;
    expect(readHead(changed, 123)).toBeNull();
  }
});
