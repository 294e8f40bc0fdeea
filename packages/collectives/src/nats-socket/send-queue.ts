import type { Writable } from 'node:stream';

/**
 * A payload up to this size is copied into one piece with its line, a longer one is sent from where it lies: of 200 bytes the copy
 * takes half the time, of 4 KiB half as much again.
 */
const copiedBytes = 1024;
const copiedHeadBytes = 512;
const arenaBytes = 64 * 1024;
/** Most bytes that the socket holds and the kernel has not taken; so a control line never waits behind more. */
const flightBytes = 1024 * 1024;
/** So much goes out in the middle of a turn: the receivers need not wait for all that the turn still computes. */
const earlyBytes = 256 * 1024;

const lineBreak = Buffer.from('\r\n');
/** Room for the digits of a size, and two line breaks. */
const lineTail = 20;

interface Queued {
  /** Line and head; of a short message all. */
  readonly front: Uint8Array;
  readonly head: Uint8Array | null;
  readonly body: Uint8Array | null;
}

/**
 * What goes out on one connection: messages in their order, gathered from where their parts lie, and control lines that pass
 * between two messages. What is published in one turn of the event loop goes out together at its end, and before that as soon as
 * it is worth a system call of its own.
 */
export class SendQueue {
  readonly #socket: Writable;
  #messages: Queued[] = [];
  #first = 0;
  #control: Uint8Array[] = [];
  #arena = Buffer.allocUnsafeSlow(arenaBytes);
  #arenaAt = 0;
  #queuedBytes = 0;
  #sentBytes = 0;
  /** Those of the queued that the socket has not got. */
  #waitingBytes = 0;
  #scheduled = false;
  #closed = false;
  #drained: (() => void)[] = [];
  readonly #flush = (): void => {
    this.#scheduled = false;
    this.#send();
  };

  constructor(socket: Writable) {
    this.#socket = socket;
  }

  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Bytes that the kernel has taken. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** @param line `PUB <subject> ` */
  message(line: Uint8Array, head: Uint8Array, body: Uint8Array | undefined): void {
    if (this.#closed) return;
    const bodyBytes = body === undefined ? 0 : body.byteLength;
    const payload = head.byteLength + bodyBytes;
    const whole = payload <= copiedBytes;
    const copiesHead = whole || head.byteLength <= copiedHeadBytes;
    const room = line.byteLength + lineTail + (whole ? payload : copiesHead ? head.byteLength : 0);
    if (this.#arenaAt + room > this.#arena.byteLength) {
      this.#arena = Buffer.allocUnsafeSlow(Math.max(arenaBytes, room));
      this.#arenaAt = 0;
    }
    const arena = this.#arena;
    const start = this.#arenaAt;
    arena.set(line, start);
    let at = writeSize(arena, start + line.byteLength, payload);
    if (copiesHead) {
      arena.set(head, at);
      at += head.byteLength;
    }
    if (whole) {
      if (body !== undefined) {
        arena.set(body, at);
        at += bodyBytes;
      }
      arena[at++] = 13;
      arena[at++] = 10;
    }
    this.#arenaAt = at;
    const front = arena.subarray(start, at);
    if (whole) {
      this.#messages.push({ front, head: null, body: null });
      this.#queued(front.byteLength);
    } else {
      this.#messages.push({ front, head: copiesHead ? null : head, body: bodyBytes > 0 ? (body as Uint8Array) : null });
      this.#queued(front.byteLength + (copiesHead ? 0 : head.byteLength) + bodyBytes + lineBreak.byteLength);
    }
  }

  /** Lines with their ends, ahead of all messages that the socket has not got. */
  control(lines: string): void {
    if (this.#closed) return;
    const bytes = Buffer.from(lines);
    this.#control.push(bytes);
    this.#queued(bytes.byteLength);
  }

  /** Resolves once the kernel has all, or the queue was closed. */
  drained(): Promise<void> {
    if (this.#closed || this.#queuedBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** The connection is gone: what waits is lost. */
  close(): void {
    this.#closed = true;
    this.#messages = [];
    this.#control = [];
    this.#queuedBytes = this.#waitingBytes = 0;
    this.#tellDrained();
  }

  #tellDrained(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }

  #queued(bytes: number): void {
    this.#queuedBytes += bytes;
    this.#waitingBytes += bytes;
    if (this.#waitingBytes >= earlyBytes) this.#send();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#flush);
    }
  }

  #send(): void {
    if (this.#closed || this.#waitingBytes === 0 || this.#socket.writableLength >= flightBytes) return;
    const socket = this.#socket;
    let bytes = 0;
    // The last part alone tells when all is out.
    let last: Uint8Array | null = null;
    const write = (part: Uint8Array): void => {
      if (last !== null) socket.write(last);
      last = part;
      bytes += part.byteLength;
    };
    socket.cork();
    for (const lines of this.#control) write(lines);
    this.#control = [];
    while (this.#first < this.#messages.length && bytes < flightBytes) {
      const { front, head, body } = this.#messages[this.#first] as Queued;
      this.#first += 1;
      write(front);
      if (head !== null) write(head);
      if (body !== null) write(body);
      if (head !== null || body !== null) write(lineBreak);
    }
    // A queue that never runs empty must not keep what it has sent.
    if (this.#first === this.#messages.length || this.#first >= 512) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
    // After an error the socket closes, and its owner the queue.
    const landed = (error: Error | null | undefined): void => {
      if (!error) this.#landed(bytes);
    };
    this.#waitingBytes -= bytes;
    if (last !== null) socket.write(last, landed);
    socket.uncork();
  }

  #landed(bytes: number): void {
    if (this.#closed) return;
    this.#sentBytes += bytes;
    this.#queuedBytes -= bytes;
    if (this.#queuedBytes === 0) this.#tellDrained();
    else this.#send();
  }
}

/** Decimal digits and a line break; returns the place behind. */
function writeSize(target: Uint8Array, at: number, size: number): number {
  let digits = 1;
  for (let rest = size; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
  let rest = size;
  for (let i = at + digits - 1; i >= at; i--) {
    target[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  target[at + digits] = 13;
  target[at + digits + 1] = 10;
  return at + digits + 2;
}
