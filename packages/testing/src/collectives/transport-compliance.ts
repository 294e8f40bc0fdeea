import assert from 'node:assert/strict';
import type { Transport } from '@tributary/collectives';
import type { ComplianceCase } from './compliance-case.js';

/** Opens the transports of all members of a fresh network. */
export type OpenNetwork = (size: number) => Promise<Transport[]>;

interface Received {
  readonly from: number;
  readonly payload: Uint8Array;
}

/** Collects what a transport receives and lets a test wait for a number of messages. */
class Mailbox {
  readonly messages: Received[] = [];
  #wake: (() => void) | null = null;

  constructor(transport: Transport) {
    transport.onMessage((from, payload) => {
      this.messages.push({ from, payload: new Uint8Array(payload) });
      this.#wake?.();
    });
  }

  async holds(count: number): Promise<void> {
    while (this.messages.length < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

async function withNetwork(
  open: OpenNetwork,
  size: number,
  work: (transports: Transport[], mailboxes: Mailbox[]) => Promise<void>,
): Promise<void> {
  const transports = await open(size);
  const mailboxes = transports.map((transport) => new Mailbox(transport));
  try {
    await work(transports, mailboxes);
  } finally {
    await Promise.all(transports.map((transport) => transport.close()));
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = ({ payload }: Received): string => new TextDecoder().decode(payload);

/** What every transport does, on a network that loses nothing. */
export function transportCompliance(open: OpenNetwork): ComplianceCase[] {
  return [
    {
      name: 'delivers to the addressee alone, with the sender',
      run: () =>
        withNetwork(open, 3, async (transports, mailboxes) => {
          transports[0]?.send(2, bytes('from 0'));
          transports[1]?.send(2, bytes('from 1'));
          transports[2]?.send(0, bytes('from 2'));
          await mailboxes[2]?.holds(2);
          await mailboxes[0]?.holds(1);
          assert.deepEqual(mailboxes[2]?.messages.map((m) => [m.from, textOf(m)]).sort(), [
            [0, 'from 0'],
            [1, 'from 1'],
          ]);
          assert.equal(mailboxes[1]?.messages.length, 0);
        }),
    },
    {
      name: 'broadcasts to every other member and never to itself',
      run: () =>
        withNetwork(open, 4, async (transports, mailboxes) => {
          transports[1]?.broadcast(bytes('all'));
          // The answer comes after the broadcast on the same path, so an echo would be there by then.
          await Promise.all([0, 2, 3].map((member) => mailboxes[member]?.holds(1)));
          transports[0]?.send(1, bytes('done'));
          await mailboxes[1]?.holds(1);
          assert.deepEqual(mailboxes[1]?.messages.map(textOf), ['done']);
          for (const member of [0, 2, 3]) assert.deepEqual(mailboxes[member]?.messages.map(textOf), ['all']);
        }),
    },
    {
      name: 'carries a payload of maxPayloadBytes unchanged, and an empty one',
      run: () =>
        withNetwork(open, 2, async ([first], mailboxes) => {
          assert.ok(first);
          const payload = new Uint8Array(first.maxPayloadBytes);
          for (let i = 0; i < payload.length; i++) payload[i] = (i * 31 + (i >> 8)) & 255;
          first.send(1, payload);
          first.send(1, new Uint8Array(0));
          await mailboxes[1]?.holds(2);
          assert.deepEqual(
            mailboxes[1]?.messages.map((m) => m.payload.length),
            [payload.length, 0],
          );
          assert.equal(Buffer.compare(mailboxes[1]?.messages[0]?.payload ?? new Uint8Array(0), payload), 0);
        }),
    },
    {
      name: 'joins head and body of any size, also from shared memory, in the order of sending',
      run: () =>
        withNetwork(open, 3, async ([first], mailboxes) => {
          assert.ok(first);
          const memory = new Uint8Array(new SharedArrayBuffer(300_000));
          for (let i = 0; i < memory.length; i++) memory[i] = (i * 7 + (i >> 9)) & 255;
          const sizes = [0, 1, 31, 992, 993, 4_096, 65_536, 262_144];
          const sent = sizes.flatMap((body, at) =>
            [0, 32, 600].map((head) => [memory.subarray(at, at + head), memory.subarray(at, at + body)] as const),
          );
          for (const [head, body] of sent) {
            first.send(1, head, body);
            first.broadcast(head, body);
          }
          await Promise.all([mailboxes[1]?.holds(2 * sent.length), mailboxes[2]?.holds(sent.length)]);
          const joined = sent.map((parts) => Buffer.concat(parts));
          const equal = (received: readonly Received[] | undefined, expected: readonly Buffer[]): void => {
            assert.deepEqual(
              received?.map((m) => m.payload.length),
              expected.map((each) => each.length),
            );
            expected.forEach((each, at) => {
              assert.equal(Buffer.compare(received?.[at]?.payload ?? new Uint8Array(0), each), 0);
            });
          };
          equal(mailboxes[2]?.messages, joined);
          equal(
            mailboxes[1]?.messages,
            joined.flatMap((each) => [each, each]),
          );
        }),
    },
    {
      name: 'refuses a longer payload, an unknown member and itself',
      run: () =>
        withNetwork(open, 2, async ([first]) => {
          assert.ok(first);
          assert.throws(() => first.send(1, new Uint8Array(first.maxPayloadBytes + 1)), RangeError);
          assert.throws(() => first.broadcast(bytes('head'), new Uint8Array(first.maxPayloadBytes - 3)), RangeError);
          assert.throws(() => first.send(0, bytes('self')), RangeError);
          assert.throws(() => first.send(2, bytes('none')), RangeError);
        }),
    },
    {
      name: 'delivers nothing after close and does not fail when the other end is gone',
      run: () =>
        withNetwork(open, 3, async ([first, second, third], mailboxes) => {
          await second?.close();
          first?.send(1, bytes('late'));
          first?.send(2, bytes('alive'));
          await mailboxes[2]?.holds(1);
          third?.send(0, bytes('answer'));
          await mailboxes[0]?.holds(1);
          assert.equal(mailboxes[1]?.messages.length, 0);
        }),
    },
  ];
}
