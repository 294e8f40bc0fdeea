import { bytesOf, chunkLength, chunkOf } from './chunk-length.js';
import type { Codec } from './codecs/codec.js';
import type { LaneContribution } from './exchange-options.js';
import type { ExchangePlan } from './exchange-plan.js';
import type { VectorAllocator } from './vector-allocator.js';
import { kinds } from './wire.js';

const wanted = 1;
const ready = 2;
const served = 4;

export type SendPiece = (to: number, kind: number, lane: number, chunk: number, body: Uint8Array) => void;

/**
 * What one lane that is computed here gives to others in one step: its pieces to the shards' owners, its task gradient to the
 * task's other hosts. Codes are written once and kept, to be sent again as they are; where the code is the elements' own bytes
 * they are sent from the lane's gradient itself.
 */
export class LaneOutbox {
  readonly #plan: ExchangePlan;
  readonly #codec: Codec;
  readonly #send: SendPiece;
  readonly #lane: number;
  readonly #hosts: readonly number[];
  readonly #taskChunks: number;
  readonly #taskElements: number;
  /** Codes of the chunks that others own, one after the other. */
  readonly #pieceCodes: Uint8Array;
  readonly #taskCodes: Uint8Array;
  /** By chunk. */
  readonly #pieces: Uint8Array;
  /** By host of the task, by chunk; empty where there is no other host. */
  readonly #tasks: Uint8Array;
  #contribution: LaneContribution | null = null;

  constructor(plan: ExchangePlan, lane: number, codec: Codec, memory: VectorAllocator, send: SendPiece) {
    this.#plan = plan;
    this.#codec = codec;
    this.#send = send;
    this.#lane = lane;
    const task = plan.laneTask[lane] as number;
    this.#hosts = plan.taskHosts[task] as readonly number[];
    this.#taskChunks = plan.taskChunks[lane] as number;
    this.#taskElements = plan.taskElements[task] as number;
    const codedBytes = (elements: number): number => (codec.identity ? 0 : codec.encodedBytes(elements));
    // Twice: the own shard lies between what goes to the members before and after.
    this.#pieceCodes = memory.bytes(
      codedBytes(plan.firstElement) + codedBytes(plan.sharedElements - plan.firstElement - plan.ownElements),
    );
    this.#taskCodes = memory.bytes(this.#hosts.length > 1 ? codedBytes(this.#taskElements) : 0);
    this.#pieces = new Uint8Array(plan.chunkCount);
    this.#tasks = new Uint8Array(this.#hosts.length > 1 ? this.#hosts.length * this.#taskChunks : 0);
  }

  reset(): void {
    this.#contribution = null;
    this.#pieces.fill(0);
    this.#tasks.fill(0);
  }

  /** Gives the gradients, whose chunks become ready one by one. */
  open(contribution: LaneContribution): void {
    this.#contribution = contribution;
  }

  /** Where the code of a chunk that another member owns is written. */
  pieceCode(chunk: number): Uint8Array {
    const { chunkElements, sharedElements, firstChunk, firstElement, ownElements } = this.#plan;
    const skipped = chunk < firstChunk ? 0 : ownElements;
    const length = chunkLength(sharedElements, chunkElements, chunk);
    const before = this.#codec.encodedBytes(Math.min(chunk * chunkElements, firstElement));
    const at =
      skipped === 0 ? before : before + this.#codec.encodedBytes(chunk * chunkElements - firstElement - skipped);
    return this.#pieceCodes.subarray(at, at + this.#codec.encodedBytes(length));
  }

  /** Where the code of a task chunk is written; null where no other host wants it. */
  taskCode(chunk: number): Uint8Array | null {
    if (this.#hosts.length === 1) return null;
    const { chunkElements } = this.#plan;
    const at = this.#codec.encodedBytes(chunk * chunkElements);
    return this.#taskCodes.subarray(
      at,
      at + this.#codec.encodedBytes(chunkLength(this.#taskElements, chunkElements, chunk)),
    );
  }

  /** Tells that a chunk that another member owns can be sent; does so if it is wanted. */
  pieceReady(chunk: number): void {
    const state = (this.#pieces[chunk] as number) | ready;
    this.#pieces[chunk] = state;
    if ((state & wanted) !== 0) this.#sendPiece(chunk);
  }

  taskReady(chunk: number): void {
    for (let at = chunk; at < this.#tasks.length; at += this.#taskChunks) {
      const state = (this.#tasks[at] as number) | ready;
      this.#tasks[at] = state;
      if ((state & wanted) !== 0) this.#sendTask(at);
    }
  }

  /** Serves or keeps a want of pieces; false where the asker does not own them. */
  wantPieces(from: number, first: number, end: number, again: boolean): boolean {
    if (end > this.#pieces.length) return false;
    for (let chunk = first; chunk < end; chunk++) if (this.#plan.chunkOwner[chunk] !== from) return false;
    for (let chunk = first; chunk < end; chunk++) {
      const state = this.#pieces[chunk] as number;
      if ((state & ready) === 0) this.#pieces[chunk] = state | wanted;
      else if (again || (state & served) === 0) this.#sendPiece(chunk);
    }
    return true;
  }

  /** Serves or keeps a want of task chunks; false where the asker does not host the task. */
  wantTasks(from: number, first: number, end: number, again: boolean): boolean {
    const host = this.#hosts.indexOf(from);
    if (host < 0 || this.#tasks.length === 0 || end > this.#taskChunks) return false;
    for (let at = host * this.#taskChunks + first; at < host * this.#taskChunks + end; at++) {
      const state = this.#tasks[at] as number;
      if ((state & ready) === 0) this.#tasks[at] = state | wanted;
      else if (again || (state & served) === 0) this.#sendTask(at);
    }
    return true;
  }

  #sendPiece(chunk: number): void {
    const { chunkOwner, chunkElements } = this.#plan;
    this.#pieces[chunk] = (this.#pieces[chunk] as number) | served;
    const body = this.#codec.identity
      ? bytesOf(chunkOf((this.#contribution as LaneContribution).shared, chunkElements, chunk))
      : this.pieceCode(chunk);
    this.#send(chunkOwner[chunk] as number, kinds.piece, this.#lane, chunk, body);
  }

  #sendTask(at: number): void {
    const chunk = at % this.#taskChunks;
    this.#tasks[at] = (this.#tasks[at] as number) | served;
    const body = this.#codec.identity
      ? bytesOf(chunkOf((this.#contribution as LaneContribution).task, this.#plan.chunkElements, chunk))
      : (this.taskCode(chunk) as Uint8Array);
    this.#send(this.#hosts[Math.floor(at / this.#taskChunks)] as number, kinds.task, this.#lane, chunk, body);
  }
}
