import { headBytes, kinds, newMessage, readUint32s, wantItemBytes, writeUint32s } from './wire.js';

/** Ranges that one member wants from each other: four numbers an item (kind, lane, first chunk, count). */
export class WantList {
  readonly #items: number[][];

  constructor(size: number) {
    this.#items = Array.from({ length: size }, () => []);
  }

  /** Adds one chunk; joins it to the range before where it continues it. */
  add(sender: number, kind: number, lane: number, chunk: number): void {
    const items = this.#items[sender] as number[];
    const last = items.length - 4;
    if (
      last >= 0 &&
      items[last] === kind &&
      items[last + 1] === lane &&
      (items[last + 2] as number) + (items[last + 3] as number) === chunk
    )
      items[last + 3] = (items[last + 3] as number) + 1;
    else items.push(kind, lane, chunk, 1);
  }

  /** Calls `send` with each sender's items, no more at a time than fit in a message. */
  drain(maxPayloadBytes: number, send: (sender: number, items: readonly number[]) => void): void {
    const most = Math.floor((maxPayloadBytes - headBytes) / wantItemBytes) * 4;
    for (const [sender, items] of this.#items.entries())
      for (let at = 0; at < items.length; at += most) send(sender, items.slice(at, at + most));
  }
}

/** The message that asks for some items, four numbers each. */
export function wantMessage(plan: number, step: number, flags: number, items: readonly number[]): Uint8Array {
  const head = { kind: kinds.want, step, lane: 0, chunk: 0, flags };
  const message = newMessage(plan, head, (items.length / 4) * wantItemBytes);
  writeUint32s(message, headBytes, items);
  return message;
}

export interface WantItem {
  readonly kind: number;
  readonly lane: number;
  readonly first: number;
  readonly count: number;
}

/** What a want message asks for. */
export function* wantItems(message: Uint8Array): Generator<WantItem> {
  const numbers = readUint32s(message);
  for (let at = 0; at + 3 < numbers.length; at += 4) {
    const [kind, lane, first, count] = numbers.subarray(at, at + 4) as unknown as [number, number, number, number];
    yield { kind, lane, first, count };
  }
}
