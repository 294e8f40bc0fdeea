/** The server, or what stands in its place, sent bytes that are not the protocol. The connection is of no use any more. */
export class NatsProtocolError extends Error {
  constructor(message: string) {
    super(`The NATS server sent what the protocol does not allow: ${message}`);
    this.name = 'NatsProtocolError';
  }
}

/** What a {@link MessageReader} finds in the stream, in its order. */
export interface MessageEvents {
  /**
   * @param sid the subscription
   * @param from the subject's last token as a number; -1 where it is none
   * @param payload a view into the buffer, valid only during the call
   */
  message(sid: number, from: number, payload: Uint8Array): void;
  ping(): void;
  pong(): void;
  info(json: string): void;
  error(text: string): void;
}

export interface MessageReaderOptions {
  /** Where the stream is read into, also shared memory; a message that does not fit moves the stream to a larger one. */
  readonly buffer?: Uint8Array | undefined;
  /** Longest payload to accept, in bytes. */
  readonly maxPayloadBytes?: number;
}

/** 64 KiB at least, as the reads of a socket are shorter than that only where nothing more has come. */
const shortestRead = 64 * 1024;
/** Small enough for a processor's cache, where the payload is still when it is used. */
export const defaultBufferBytes = 1024 * 1024;
const longestLine = 64 * 1024;
/** The largest max_payload that a server can be given. */
const largestPayload = 64 * 1024 * 1024;

const letters = { tab: 9, newline: 10, return: 13, space: 32, dot: 46, zero: 48, nine: 57 } as const;

/**
 * Finds the messages of a NATS server in its byte stream and hands them over where they lie: the socket reads into
 * {@link room}, and {@link advance} takes what came. A message that is not complete stays where it is until the buffer's end
 * is near. Once it has thrown, the stream is lost.
 */
export class MessageReader {
  maxPayloadBytes: number;
  readonly #events: MessageEvents;
  #buffer: Uint8Array;
  /** What lies between is not yet handed over. */
  #start = 0;
  #end = 0;
  /** Below this end nothing more can be found. */
  #wanted = 1;
  #stopped = false;

  constructor(events: MessageEvents, options: MessageReaderOptions = {}) {
    this.#events = events;
    this.#buffer = options.buffer ?? new Uint8Array(defaultBufferBytes);
    this.maxPayloadBytes = options.maxPayloadBytes ?? largestPayload;
    if (this.#buffer.byteLength < 2 * shortestRead)
      throw new RangeError(`a receive buffer of ${this.#buffer.byteLength} bytes is shorter than ${2 * shortestRead}`);
  }

  /** Where the next bytes go; never empty. */
  room(): Uint8Array {
    const capacity = this.#buffer.byteLength;
    if (this.#start === this.#end) {
      this.#moveTo(this.#buffer);
    } else if (capacity < this.#wanted || capacity - this.#end < shortestRead) {
      const needed = this.#wanted - this.#start + shortestRead;
      this.#moveTo(needed <= capacity ? this.#buffer : new Uint8Array(2 * needed));
    }
    return this.#buffer.subarray(this.#end);
  }

  /** Hands over what is complete, now that `bytes` more lie in what {@link room} gave last. @throws NatsProtocolError */
  advance(bytes: number): void {
    this.#end += bytes;
    while (this.#end >= this.#wanted && !this.#stopped) if (!this.#next()) return;
  }

  /** Nothing more is handed over, also of what has come already. */
  stop(): void {
    this.#stopped = true;
  }

  #moveTo(buffer: Uint8Array): void {
    if (this.#start === 0 && buffer === this.#buffer) return;
    if (this.#start < this.#end) buffer.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = buffer;
    this.#wanted -= this.#start;
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Takes one line, with its payload where it is a message; false where it is not complete. */
  #next(): boolean {
    const buffer = this.#buffer;
    const start = this.#start;
    // "MSG ": the only ones that are many.
    if (
      this.#end - start >= 4 &&
      buffer[start] === 77 &&
      buffer[start + 1] === 83 &&
      buffer[start + 2] === 71 &&
      buffer[start + 3] === letters.space
    )
      return this.#message(start + 4);
    const newline = this.#lineEnd(start);
    if (newline < 0) return this.#incomplete(start);
    const line = Buffer.from(buffer.subarray(start, newline)).toString('latin1').trimEnd();
    this.#start = newline + 1;
    this.#wanted = this.#start + 1;
    this.#control(line);
    return true;
  }

  #control(line: string): void {
    if (line === 'PING') this.#events.ping();
    else if (line === 'PONG') this.#events.pong();
    else if (line.startsWith('INFO ')) this.#events.info(Buffer.from(line.slice(5), 'latin1').toString('utf8'));
    else if (line.startsWith('-ERR')) this.#events.error(line.slice(4).trim().replace(/^'|'$/g, ''));
    else if (line !== '+OK') throw new NatsProtocolError(`the line ${JSON.stringify(line.slice(0, 80))}`);
  }

  /** `MSG <subject> <sid> [reply] <bytes>`, read from behind its first space. */
  #message(from: number): boolean {
    const buffer = this.#buffer;
    const end = this.#end;
    let at = from;
    let token = from;
    let letter = 0;
    for (; at < end; at++) {
      letter = buffer[at] as number;
      if (letter === letters.dot) token = at + 1;
      else if (letter <= letters.space) break;
    }
    if (at >= end) return this.#incomplete(this.#start);
    const sender = this.#number(token, at);
    const sidFrom = at + 1;
    for (at = sidFrom; at < end && (buffer[at] as number) > letters.space; at++);
    const sidTo = at;
    let sizeFrom = at + 1;
    for (at = sizeFrom; at < end; at++) {
      letter = buffer[at] as number;
      // There is a reply subject between.
      if (letter === letters.space) sizeFrom = at + 1;
      else if (letter < letters.space) break;
    }
    if (at >= end - 1) return this.#incomplete(this.#start);
    const sid = this.#number(sidFrom, sidTo);
    const size = this.#number(sizeFrom, at);
    if (sid < 0 || size < 0 || letter !== letters.return || buffer[at + 1] !== letters.newline)
      throw new NatsProtocolError('a message whose first line is broken');
    if (size > this.maxPayloadBytes)
      throw new NatsProtocolError(`a message of ${size} bytes where at most ${this.maxPayloadBytes} were agreed`);
    const body = at + 2;
    const after = body + size + 2;
    if (end < after) {
      this.#wanted = after;
      return false;
    }
    if (buffer[after - 2] !== letters.return || buffer[after - 1] !== letters.newline)
      throw new NatsProtocolError('a message that is longer than it says');
    this.#start = after;
    this.#wanted = after + 1;
    this.#events.message(sid, sender, buffer.subarray(body, body + size));
    return true;
  }

  /** The number of at most nine digits between two places; -1 where it is none. */
  #number(from: number, to: number): number {
    if (to <= from || to - from > 9) return -1;
    let value = 0;
    for (let at = from; at < to; at++) {
      const digit = (this.#buffer[at] as number) - letters.zero;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  #lineEnd(from: number): number {
    for (let at = from; at < this.#end; at++) if (this.#buffer[at] === letters.newline) return at;
    return -1;
  }

  /** A line has begun and not ended. */
  #incomplete(start: number): false {
    if (this.#end - start > longestLine) throw new NatsProtocolError(`a line of more than ${longestLine} bytes`);
    this.#wanted = this.#end + 1;
    return false;
  }
}
