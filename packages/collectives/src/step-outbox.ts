import type { Codec } from './codec.js';
import type { LaneContribution } from './exchange-options.js';
import { chunkLength, type ExchangePlan } from './exchange-plan.js';
import type { Transport } from './transport.js';
import { headBytes, type Kind, kinds, newMessage } from './wire.js';

const idle = 0;
const wanted = 1;
const served = 2;

/**
 * What this member gives to the others in one step. A want that comes before its data is kept; the data stay until every
 * member has been seen in the next step.
 */
export class StepOutbox {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  readonly #transport: Transport;
  /** [sharedElements]: the combined gradient, own and received chunks. */
  readonly shared: Float32Array;
  readonly #contributions: (LaneContribution | null)[];
  readonly #pieces: readonly Uint8Array[];
  /** By lane: chunks of its task for each other host. */
  readonly #tasks: readonly Uint8Array[];
  /** By own chunk: each member's state. */
  readonly #combined: Uint8Array;
  /** By own chunk: members that have asked, and that were served. */
  readonly #askers: Uint16Array;
  readonly #combinedReady: Uint8Array;
  readonly #taskChunks: readonly number[];
  #header: Uint8Array | null = null;
  #sums: readonly Uint8Array[] = [];
  step = -1;
  bytesSent = 0;

  constructor(plan: ExchangePlan, codec: Codec, transport: Transport) {
    this.#plan = plan;
    this.#codec = codec;
    this.#transport = transport;
    this.shared = new Float32Array(plan.sharedElements);
    this.#contributions = new Array<LaneContribution | null>(plan.laneCount).fill(null);
    const local = (lane: number): boolean => plan.laneHost[lane] === plan.self;
    this.#taskChunks = plan.laneTask.map((task) => Math.ceil((plan.taskElements[task] as number) / plan.chunkElements));
    this.#pieces = plan.laneHost.map((_, lane) => new Uint8Array(local(lane) ? plan.chunkCount : 0));
    this.#tasks = plan.laneTask.map((task, lane) => {
      const hosts = (plan.taskHosts[task] as readonly number[]).length;
      return new Uint8Array(local(lane) && hosts > 1 ? hosts * (this.#taskChunks[lane] as number) : 0);
    });
    this.#combined = new Uint8Array(plan.ownChunks * plan.size);
    this.#askers = new Uint16Array(plan.ownChunks);
    this.#combinedReady = new Uint8Array(plan.ownChunks);
  }

  reset(step: number): void {
    this.step = step;
    this.bytesSent = 0;
    this.#contributions.fill(null);
    for (const states of this.#pieces) states.fill(idle);
    for (const states of this.#tasks) states.fill(idle);
    this.#combined.fill(idle);
    this.#askers.fill(0);
    this.#combinedReady.fill(0);
    this.#header = null;
    this.#sums = [];
  }

  /** Makes a lane's gradients available and sends what was wanted of them. */
  contribute(contribution: LaneContribution): void {
    const { lane } = contribution;
    this.#contributions[lane] = contribution;
    const pieces = this.#pieces[lane] as Uint8Array;
    for (let chunk = 0; chunk < pieces.length; chunk++) if (pieces[chunk] === wanted) this.#sendPiece(lane, chunk);
    const tasks = this.#tasks[lane] as Uint8Array;
    for (let at = 0; at < tasks.length; at++) if (tasks[at] === wanted) this.#sendTask(lane, at);
  }

  publishHeader(body: Uint8Array): void {
    this.#header = this.#message(kinds.header, 0, 0, body.byteLength);
    this.#header.set(body, headBytes);
    this.#broadcast(this.#header);
  }

  /** Publishes the inner products of this member's blocks. */
  publishSums(sums: Float64Array): void {
    const parts: Uint8Array[] = [];
    for (let first = 0; first < sums.length; first += this.#plan.sumsPerPart) {
      const part = sums.subarray(first, first + this.#plan.sumsPerPart);
      const message = this.#message(kinds.sums, 0, parts.length, part.byteLength);
      message.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), headBytes);
      parts.push(message);
    }
    this.#sums = parts;
    for (const message of parts) this.#broadcast(message);
  }

  /** Tells that an own chunk of `shared` is final; publishes it if all have asked. */
  combinedReady(chunk: number): void {
    const own = chunk - this.#plan.firstChunk;
    this.#combinedReady[own] = 1;
    this.#publishCombined(own);
  }

  /** Serves or keeps one item of a want; false where it asks for what this member never has. */
  want(from: number, kind: number, lane: number, first: number, count: number, again: boolean): boolean {
    const end = first + count;
    switch (kind) {
      case kinds.header:
        if (this.#header !== null && again) this.#send(from, this.#header);
        return true;
      case kinds.sums:
        if (again) for (let part = first; part < Math.min(end, this.#sums.length); part++) this.#sendSums(from, part);
        return true;
      case kinds.piece:
        return this.#wantPieces(from, lane, first, end, again);
      case kinds.task:
        return this.#wantTasks(from, lane, first, end, again);
      case kinds.combined:
        return this.#wantCombined(from, first, end, again);
      default:
        return false;
    }
  }

  #wantPieces(from: number, lane: number, first: number, end: number, again: boolean): boolean {
    const states = this.#pieces[lane];
    if (states === undefined || end > states.length) return false;
    for (let chunk = first; chunk < end; chunk++) if (this.#plan.chunkOwner[chunk] !== from) return false;
    const there = this.#contributions[lane] !== null;
    for (let chunk = first; chunk < end; chunk++) {
      if (!there) states[chunk] = wanted;
      else if (again || states[chunk] !== served) this.#sendPiece(lane, chunk);
    }
    return true;
  }

  #wantTasks(from: number, lane: number, first: number, end: number, again: boolean): boolean {
    const states = this.#tasks[lane];
    const chunks = this.#taskChunks[lane] as number;
    if (states === undefined || states.length === 0 || end > chunks) return false;
    const host = (this.#plan.taskHosts[this.#plan.laneTask[lane] as number] as readonly number[]).indexOf(from);
    if (host < 0) return false;
    const there = this.#contributions[lane] !== null;
    for (let at = host * chunks + first; at < host * chunks + end; at++) {
      if (!there) states[at] = wanted;
      else if (again || states[at] !== served) this.#sendTask(lane, at);
    }
    return true;
  }

  #wantCombined(from: number, first: number, end: number, again: boolean): boolean {
    const { firstChunk, ownChunks, size } = this.#plan;
    if (first < firstChunk || end > firstChunk + ownChunks) return false;
    for (let own = first - firstChunk; own < end - firstChunk; own++) {
      const at = own * size + from;
      if (this.#combined[at] === idle) {
        this.#combined[at] = wanted;
        this.#askers[own] = (this.#askers[own] as number) + 1;
        this.#publishCombined(own);
      } else if (again && this.#combinedReady[own] === 1) {
        // Its own copy: the others may be late to ask, or have theirs.
        this.#combined[at] = served;
        this.#send(from, this.#combinedMessage(own));
      }
    }
    return true;
  }

  #publishCombined(own: number): void {
    const { size, self } = this.#plan;
    if (this.#combinedReady[own] !== 1 || this.#askers[own] !== size - 1 || size === 1) return;
    let unserved = 0;
    let last = -1;
    for (let member = 0; member < size; member++) {
      if (member === self || this.#combined[own * size + member] === served) continue;
      unserved += 1;
      last = member;
      this.#combined[own * size + member] = served;
    }
    if (unserved === 0) return;
    const message = this.#combinedMessage(own);
    if (unserved === 1) this.#send(last, message);
    else this.#broadcast(message);
  }

  #combinedMessage(own: number): Uint8Array {
    const { sharedElements, chunkElements, firstChunk } = this.#plan;
    return this.#chunkMessage(kinds.combined, 0, firstChunk + own, this.shared, sharedElements, chunkElements);
  }

  #sendPiece(lane: number, chunk: number): void {
    const { sharedElements, chunkElements, chunkOwner } = this.#plan;
    (this.#pieces[lane] as Uint8Array)[chunk] = served;
    const { shared } = this.#contributions[lane] as LaneContribution;
    this.#send(
      chunkOwner[chunk] as number,
      this.#chunkMessage(kinds.piece, lane, chunk, shared, sharedElements, chunkElements),
    );
  }

  #sendTask(lane: number, at: number): void {
    const chunks = this.#taskChunks[lane] as number;
    (this.#tasks[lane] as Uint8Array)[at] = served;
    const { task } = this.#contributions[lane] as LaneContribution;
    const to = this.#plan.taskHosts[this.#plan.laneTask[lane] as number]?.[Math.floor(at / chunks)] as number;
    this.#send(to, this.#chunkMessage(kinds.task, lane, at % chunks, task, task.length, this.#plan.chunkElements));
  }

  #sendSums(to: number, part: number): void {
    this.#send(to, this.#sums[part] as Uint8Array);
  }

  #chunkMessage(
    kind: Kind,
    lane: number,
    chunk: number,
    source: Float32Array,
    elements: number,
    chunkElements: number,
  ): Uint8Array {
    const length = chunkLength(elements, chunkElements, chunk);
    const message = this.#message(kind, lane, chunk, this.#codec.encodedBytes(length));
    this.#codec.encode(source, chunk * chunkElements, length, message, headBytes);
    return message;
  }

  #message(kind: Kind, lane: number, chunk: number, bodyBytes: number): Uint8Array {
    return newMessage(this.#plan.hash, { kind, step: this.step, lane, chunk, flags: 0 }, bodyBytes);
  }

  #send(to: number, message: Uint8Array): void {
    this.bytesSent += message.byteLength;
    this.#transport.send(to, message);
  }

  #broadcast(message: Uint8Array): void {
    if (this.#plan.size === 1) return;
    this.bytesSent += message.byteLength;
    this.#transport.broadcast(message);
  }
}
