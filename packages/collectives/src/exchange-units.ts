import { chunkLength } from './chunk-length.js';
import type { Codec } from './codecs/codec.js';
import type { ShardPlan } from './shard-plan.js';
import { type Head, headBytes, kinds } from './wire.js';

/**
 * The chunks that this member must receive in a step, those of absent lanes aside. Units are numbered pieces first (by lane, then chunk), then task
 * gradients, then combined chunks.
 */
export interface Units {
  readonly count: number;
  readonly kind: Uint8Array;
  readonly lane: Uint32Array;
  readonly chunk: Uint32Array;
  readonly sender: Uint16Array;
  readonly bytes: Uint32Array;
  /**
   * The order of asking. Pieces and task gradients need no one's progress but their sender's, so they come first; combined
   * chunks come in an order that is the same for all, so that the first one that is missing is in every member's window.
   */
  readonly order: Uint32Array;
}

/** Everything that a member can have to receive, and where in it each kind begins. */
export interface UnitPlan {
  readonly units: Units;
  /** First unit of each remote lane's pieces, and of its task chunks; -1: none. */
  readonly pieceUnits: readonly number[];
  readonly taskUnits: readonly number[];
  readonly combinedUnits: number;
}

export function planUnits(plan: ShardPlan, codec: Codec): UnitPlan {
  const rows: { kind: number; lane: number; chunk: number; sender: number; bytes: number; rank: number }[] = [];
  const bytes = (elements: number, chunk: number): number =>
    headBytes + codec.encodedBytes(chunkLength(elements, plan.chunkElements, chunk));
  // A lane's rank is its place among its host's lanes, which compute one after another.
  const rankOf = (lane: number): number =>
    plan.laneHost.filter((host, other) => other < lane && host === plan.laneHost[lane]).length;

  const pieceUnits = plan.laneHost.map((sender, lane) => {
    if (sender === plan.self || plan.ownChunks === 0) return -1;
    const first = rows.length;
    for (let chunk = plan.firstChunk; chunk < plan.firstChunk + plan.ownChunks; chunk++)
      rows.push({
        kind: kinds.piece,
        lane,
        chunk,
        sender,
        bytes: bytes(plan.sharedElements, chunk),
        rank: rankOf(lane),
      });
    return first;
  });
  const taskUnits = plan.laneHost.map((sender, lane) => {
    const task = plan.laneTask[lane] as number;
    if (sender === plan.self || !plan.hostedTasks.includes(task)) return -1;
    const first = rows.length;
    const elements = plan.taskElements[task] as number;
    for (let chunk = 0; chunk * plan.chunkElements < elements; chunk++)
      rows.push({ kind: kinds.task, lane, chunk, sender, bytes: bytes(elements, chunk), rank: rankOf(lane) });
    return first;
  });
  const combinedUnits = rows.length;
  for (let chunk = 0; chunk < plan.chunkCount; chunk++) {
    const sender = plan.chunkOwner[chunk] as number;
    const within = chunk - (plan.shards[sender]?.firstBlock ?? 0) * plan.chunksPerBlock;
    rows.push({ kind: kinds.combined, lane: 0, chunk, sender, bytes: bytes(plan.sharedElements, chunk), rank: within });
  }
  const late = (unit: number): number => (unit >= combinedUnits ? 1 : 0);
  const order = rows
    .map((_, unit) => unit)
    .filter((unit) => rows[unit]?.sender !== plan.self)
    .sort((a, b) => late(a) - late(b) || (rows[a]?.rank ?? 0) - (rows[b]?.rank ?? 0) || a - b);
  return {
    units: {
      count: rows.length,
      kind: Uint8Array.from(rows, (row) => row.kind),
      lane: Uint32Array.from(rows, (row) => row.lane),
      chunk: Uint32Array.from(rows, (row) => row.chunk),
      sender: Uint16Array.from(rows, (row) => row.sender),
      bytes: Uint32Array.from(rows, (row) => row.bytes),
      order: Uint32Array.from(order),
    },
    pieceUnits,
    taskUnits,
    combinedUnits,
  };
}

/** The unit that a message of so many bytes brings; -1 where it brings none of this member's. */
export function unitOf(plan: ShardPlan & UnitPlan, from: number, head: Head, bytes: number): number {
  const { pieceUnits, taskUnits, combinedUnits, firstChunk, units } = plan;
  let unit = -1;
  if (head.kind === kinds.combined) unit = combinedUnits + head.chunk;
  else {
    const base = (head.kind === kinds.piece ? pieceUnits : taskUnits)[head.lane] ?? -1;
    if (base >= 0) unit = base + head.chunk - (head.kind === kinds.piece ? firstChunk : 0);
  }
  const fits =
    units.kind[unit] === head.kind &&
    units.chunk[unit] === head.chunk &&
    units.sender[unit] === from &&
    units.bytes[unit] === bytes &&
    (head.kind === kinds.combined || units.lane[unit] === head.lane);
  return fits ? unit : -1;
}
