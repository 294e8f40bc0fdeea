import { bytesOf } from './chunk-length.js';
import type { Codec } from './codecs/codec.js';
import { CombinedOutbox } from './combined-outbox.js';
import type { LaneContribution } from './exchange-options.js';
import type { ExchangePlan } from './exchange-plan.js';
import { LaneOutbox } from './lane-outbox.js';
import type { Transport } from './transport.js';
import type { VectorAllocator } from './vector-allocator.js';
import { headBytes, type Kind, kinds, newHead } from './wire.js';

interface Small {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * What this member gives to the others in one step. A want that comes before its data is kept; the data stay until every
 * member has been seen in the next step.
 */
export class StepOutbox {
  readonly #plan: ExchangePlan;
  readonly #transport: Transport;
  readonly combined: CombinedOutbox;
  /** By lane; undefined for those of other members. */
  readonly #lanes: (LaneOutbox | undefined)[] = [];
  #header: Small | null = null;
  #sums: readonly Small[] = [];
  step = -1;
  /** Payload bytes; a broadcast counts once. */
  bytesSent = 0;

  constructor(plan: ExchangePlan, codec: Codec, memory: VectorAllocator, transport: Transport) {
    this.#plan = plan;
    this.#transport = transport;
    for (const lane of plan.localLanes)
      this.#lanes[lane] = new LaneOutbox(plan, lane, codec, memory, (to, kind, of, chunk, body) =>
        this.#send(to, this.#head(kind as Kind, of, chunk, body), body),
      );
    this.combined = new CombinedOutbox(plan, codec, memory, (to, chunk, body) => {
      const head = this.#head(kinds.combined, 0, chunk, body);
      if (to < 0) this.#broadcast(head, body);
      else this.#send(to, head, body);
    });
  }

  reset(step: number): void {
    this.step = step;
    this.bytesSent = 0;
    for (const lane of this.#plan.localLanes) this.#lane(lane).reset();
    this.combined.reset();
    this.#header = null;
    this.#sums = [];
  }

  /** Gives a lane's gradients, whose chunks become ready one by one. */
  open(contribution: LaneContribution): void {
    this.#lane(contribution.lane).open(contribution);
  }

  pieceCode(lane: number, chunk: number): Uint8Array {
    return this.#lane(lane).pieceCode(chunk);
  }

  taskCode(lane: number, chunk: number): Uint8Array | null {
    return this.#lane(lane).taskCode(chunk);
  }

  pieceReady(lane: number, chunk: number): void {
    this.#lane(lane).pieceReady(chunk);
  }

  taskReady(lane: number, chunk: number): void {
    this.#lane(lane).taskReady(chunk);
  }

  publishHeader(body: Uint8Array): void {
    this.#header = { head: this.#head(kinds.header, 0, 0, body), body };
    this.#broadcast(this.#header.head, body);
  }

  /** Publishes the inner products of this member's blocks. */
  publishSums(sums: Float64Array): void {
    const parts: Small[] = [];
    for (let first = 0; first < sums.length; first += this.#plan.sumsPerPart) {
      const body = bytesOf(sums.slice(first, first + this.#plan.sumsPerPart));
      parts.push({ head: this.#head(kinds.sums, 0, parts.length, body), body });
    }
    this.#sums = parts;
    for (const { head, body } of parts) this.#broadcast(head, body);
  }

  /** Serves or keeps one item of a want; false where it asks for what this member never has. */
  want(from: number, kind: number, lane: number, first: number, count: number, again: boolean): boolean {
    const end = first + count;
    switch (kind) {
      case kinds.header:
        if (this.#header !== null && again) this.#send(from, this.#header.head, this.#header.body);
        return true;
      case kinds.sums:
        if (again) for (const { head, body } of this.#sums.slice(first, end)) this.#send(from, head, body);
        return true;
      case kinds.piece:
        return this.#lanes[lane]?.wantPieces(from, first, end, again) ?? false;
      case kinds.task:
        return this.#lanes[lane]?.wantTasks(from, first, end, again) ?? false;
      case kinds.combined:
        return this.combined.want(from, first, end, again);
      default:
        return false;
    }
  }

  #lane(lane: number): LaneOutbox {
    return this.#lanes[lane] as LaneOutbox;
  }

  #head(kind: Kind, lane: number, chunk: number, body: Uint8Array): Uint8Array {
    return newHead(this.#plan.hash, { kind, step: this.step, lane, chunk, flags: 0 }, body.byteLength);
  }

  #send(to: number, head: Uint8Array, body: Uint8Array): void {
    this.bytesSent += headBytes + body.byteLength;
    this.#transport.send(to, head, body);
  }

  #broadcast(head: Uint8Array, body: Uint8Array): void {
    if (this.#plan.size === 1) return;
    this.bytesSent += headBytes + body.byteLength;
    this.#transport.broadcast(head, body);
  }
}
