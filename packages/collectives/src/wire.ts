import { randomStream } from '@tributary/random';

/**
 * Every message: a head of 32 bytes, little-endian, and a body.
 *
 * | at | type | field |
 * |---|---|---|
 * | 0 | u16 | magic `TX` |
 * | 2 | u8 | version |
 * | 3 | u8 | kind |
 * | 4 | u32 | plan: hash of the members, lanes, sizes and rules, which all members must share |
 * | 8 | u32 | step |
 * | 12 | u32 | lane, for pieces and task gradients |
 * | 16 | u32 | chunk, or part of the block sums |
 * | 20 | u32 | flags |
 * | 24 | u32 | bytes of the body |
 * | 28 | u32 | 0 |
 */
export const headBytes = 32;
const magic = 0x5854;
const version = 1;

export const kinds = {
  /** A member's control bits and, for each of its lanes, loss, tokens and whether all is finite. Broadcast. */
  header: 1,
  /** What the sender of this message wants from its receiver. */
  want: 2,
  /** One chunk of one lane's shared gradient, to the chunk's owner. */
  piece: 3,
  /** Inner products of an owner's blocks. Broadcast. */
  sums: 4,
  /** One chunk of the combined gradient. Broadcast by its owner. */
  combined: 5,
  /** One chunk of a lane's task gradient, to another host of that task. */
  task: 6,
  /** The step that the sender is in; flags ask for the same, or say that it leaves. */
  progress: 7,
} as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

export const flags = { again: 1, reply: 2, leaving: 4 } as const;

export interface Head {
  kind: Kind;
  step: number;
  lane: number;
  chunk: number;
  flags: number;
}

/** A new message with its head written and room for the body. */
export function newMessage(plan: number, head: Head, bodyBytes: number): Uint8Array {
  return writeHead(Buffer.allocUnsafe(headBytes + bodyBytes), plan, head, bodyBytes);
}

/** The head of a message whose body lies elsewhere. */
export function newHead(plan: number, head: Head, bodyBytes: number): Uint8Array {
  return writeHead(Buffer.allocUnsafe(headBytes), plan, head, bodyBytes);
}

function writeHead(message: Buffer, plan: number, head: Head, bodyBytes: number): Buffer {
  message.writeUInt16LE(magic, 0);
  message.writeUInt8(version, 2);
  message.writeUInt8(head.kind, 3);
  message.writeUInt32LE(plan, 4);
  message.writeUInt32LE(head.step, 8);
  message.writeUInt32LE(head.lane, 12);
  message.writeUInt32LE(head.chunk, 16);
  message.writeUInt32LE(head.flags, 20);
  message.writeUInt32LE(bodyBytes, 24);
  message.writeUInt32LE(0, 28);
  return message;
}

/** The head of a message; null where it is not one of this plan and version. */
export function readHead(message: Uint8Array, plan: number): Head | null {
  if (message.byteLength < headBytes) return null;
  const view = new DataView(message.buffer, message.byteOffset, headBytes);
  const kind = view.getUint8(3);
  if (view.getUint16(0, true) !== magic || view.getUint8(2) !== version || view.getUint32(4, true) !== plan)
    return null;
  if (kind < kinds.header || kind > kinds.progress) return null;
  if (view.getUint32(24, true) !== message.byteLength - headBytes) return null;
  return {
    kind: kind as Kind,
    step: view.getUint32(8, true),
    lane: view.getUint32(12, true),
    chunk: view.getUint32(16, true),
    flags: view.getUint32(20, true),
  };
}

/** One range in a want: what, of which lane, first chunk, how many. */
export const wantItemBytes = 16;

/** Writes numbers as little-endian u32 from `at`. */
export function writeUint32s(message: Uint8Array, at: number, values: readonly number[]): void {
  const view = new DataView(message.buffer, message.byteOffset);
  for (let i = 0; i < values.length; i++) view.setUint32(at + i * 4, values[i] as number, true);
}

/** Reads the body of a want as u32 values, four an item. */
export function readUint32s(message: Uint8Array): Uint32Array {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const values = new Uint32Array((message.byteLength - headBytes) >> 2);
  for (let i = 0; i < values.length; i++) values[i] = view.getUint32(headBytes + i * 4, true);
  return values;
}

/** A 32-bit hash of a text, by which members that were configured differently ignore each other. */
export function hashText(text: string): number {
  return randomStream(0, text).uint32();
}
