import { randomStream } from '@tributary/random';
import { describe, expect, it } from 'vitest';
import { vectorMemory } from '../vector-memory.js';
import { type MessageEvents, MessageReader, NatsProtocolError } from './message-reader.js';

type Found = readonly [string, ...(string | number)[]];

/** Copies all that a reader finds. */
function collector(): { found: Found[]; events: MessageEvents } {
  const found: Found[] = [];
  const events: MessageEvents = {
    message: (sid, from, payload) => found.push(['message', sid, from, Buffer.from(payload).toString('latin1')]),
    ping: () => found.push(['ping']),
    pong: () => found.push(['pong']),
    info: (json) => found.push(['info', json]),
    error: (text) => found.push(['error', text]),
  };
  return { found, events };
}

/** Gives a stream in pieces, each as long as the next length or as there is room. */
function feed(reader: MessageReader, stream: Uint8Array, lengths: () => number): void {
  for (let at = 0; at < stream.length; ) {
    const room = reader.room();
    expect(room.byteLength).toBeGreaterThan(0);
    const piece = stream.subarray(at, at + Math.min(lengths(), room.byteLength));
    room.set(piece);
    at += piece.byteLength;
    reader.advance(piece.byteLength);
  }
}

const wire = (text: string): Buffer => Buffer.from(text, 'latin1');
const smallBuffer = 128 * 1024;

describe('the reader of the NATS stream', () => {
  const stream = wire(
    'INFO {"max_payload":100,"server_name":"\xc3\xa9"}\r\n' +
      '+OK\r\nMSG a.b.12 1 5\r\nhello\r\nMSG a.b.c 2 0\r\n\r\nMSG 7 3 reply.to 4\r\n\r\n\r\n\r\n' +
      "PING\r\nMSG a.all.0 2 reply 2\r\nxy\r\n-ERR 'Slow Consumer'\r\nPONG\r\n",
  );
  const expected: Found[] = [
    ['info', '{"max_payload":100,"server_name":"é"}'],
    ['message', 1, 12, 'hello'],
    ['message', 2, -1, ''],
    ['message', 3, 7, '\r\n\r\n'],
    ['ping'],
    ['message', 2, 0, 'xy'],
    ['error', 'Slow Consumer'],
    ['pong'],
  ];

  it('finds the same in one piece, byte by byte, and split at every place', () => {
    for (let split = 0; split <= stream.length; split++) {
      const { found, events } = collector();
      const lengths = split === 0 ? [1] : [split];
      feed(new MessageReader(events), stream, () => (split === 0 ? 1 : (lengths.shift() ?? stream.length)));
      expect(found).toEqual(expected);
    }
  });

  it('finds messages of any size in random pieces, also those that the buffer does not hold, on shared memory', () => {
    const { bytes } = vectorMemory(20 * smallBuffer);
    for (let seed = 0; seed < 20; seed++) {
      const draws = randomStream(seed, 'pieces');
      const sizes = Array.from({ length: 60 }, () => Math.floor(2 ** (draws.uniform() * 18.5)) - 1);
      const payloads = sizes.map((size, at) => Buffer.alloc(size, at + 1));
      const parts = payloads.flatMap((payload, at) => [
        wire(`MSG s.${at} 1 ${payload.length}\r\n`),
        payload,
        wire('\r\n'),
      ]);
      let at = 0;
      const reader = new MessageReader(
        {
          ...collector().events,
          message: (_, from, payload) => {
            expect(from).toBe(at);
            expect(Buffer.compare(payload, payloads[at] as Buffer)).toBe(0);
            at += 1;
          },
        },
        { buffer: bytes(smallBuffer) },
      );
      feed(reader, Buffer.concat(parts), () => 1 + Math.floor(2 ** (draws.uniform() * 17)));
      expect(at).toBe(payloads.length);
    }
  });

  it('hands over views of its buffer, and reads to the front again once all is handed over', () => {
    const buffer = new Uint8Array(smallBuffer);
    const offsets: number[] = [];
    const message = (_sid: number, _from: number, payload: Uint8Array): void => {
      expect(payload.buffer).toBe(buffer.buffer);
      offsets.push(payload.byteOffset);
    };
    const reader = new MessageReader({ ...collector().events, message }, { buffer });
    for (let i = 0; i < 3; i++) feed(reader, wire('MSG s.1 1 3\r\nabc\r\n'), () => 100);
    expect(offsets).toEqual([13, 13, 13]);
  });

  it('hands over nothing after it was stopped, also of the same piece', () => {
    const { found, events } = collector();
    const reader: MessageReader = new MessageReader({ ...events, ping: () => reader.stop() });
    feed(reader, wire('PONG\r\nPING\r\nPONG\r\n'), () => 100);
    expect(found).toEqual([['pong']]);
  });

  it('refuses what is not the protocol', () => {
    for (const wrong of [
      'HTTP/1.1 400 Bad Request\r\n',
      'msg a 1 1\r\nx\r\n',
      'MSG a 1\r\n\r\n\r\n\r\n',
      'MSG a b 1\r\nx\r\n',
      'MSG a 1 -1\r\nx\r\n',
      'MSG a 1 1e3\r\nx\r\n',
      'MSG a 1 9999999999\r\nx\r\n',
      'MSG a 1 1\r\nxyz\r\n',
      'MSG a 1 1\nx\r\n',
      'HMSG a 1 12 12\r\nNATS/1.0\r\n\r\n\r\n',
      `MSG ${'a'.repeat(70_000)}`,
      'x'.repeat(70_000),
    ]) {
      expect(() => feed(new MessageReader(collector().events), wire(wrong), () => 1_000), wrong.slice(0, 40)).toThrow(
        NatsProtocolError,
      );
    }
    const bounded = new MessageReader(collector().events, { maxPayloadBytes: 10 });
    expect(() => feed(bounded, wire('MSG a 1 11\r\n'), () => 100)).toThrow('at most 10');
  });

  it('throws nothing but its own error on damaged and random streams, and hands over no byte that did not come', () => {
    const words = ['MSG ', 'INFO ', 'PING', '-ERR ', '\r\n', ' ', 'a.1', '12', '3', '\0', '\xff', '+OK'];
    for (let seed = 0; seed < 3_000; seed++) {
      const draws = randomStream(seed, 'fuzz');
      const below = (bound: number): number => Math.floor(draws.uniform() * bound);
      const text =
        seed % 2 === 0
          ? Array.from({ length: 1 + below(30) }, () => words[below(words.length)]).join('')
          : stream.toString('latin1');
      const damaged = wire(text);
      if (seed % 2 === 1) for (let i = 0; i <= below(4); i++) damaged[below(damaged.length)] = below(256);
      // Behind what has come lies what no message may hold.
      const buffer = new Uint8Array(smallBuffer).fill(0xa5);
      let came = 0;
      const message = (_sid: number, _from: number, payload: Uint8Array): void => {
        expect(payload.byteOffset + payload.byteLength).toBeLessThanOrEqual(came);
      };
      const reader = new MessageReader({ ...collector().events, message }, { buffer });
      try {
        for (let at = 0; at < damaged.length; ) {
          const piece = damaged.subarray(at, at + 1 + below(40));
          const room = reader.room();
          room.set(piece);
          came = room.byteOffset + piece.byteLength;
          at += piece.byteLength;
          reader.advance(piece.byteLength);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(NatsProtocolError);
      }
    }
  });
});
