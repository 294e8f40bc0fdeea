import { planShards } from '@tributary/planner';
import { blockElements, type Shard } from '@tributary/protocol';
import { pairCount } from './arithmetic.js';
import type { Codec } from './codec.js';
import type { ExchangeOptions } from './exchange-options.js';
import { hashText, headBytes, kinds } from './wire.js';

/** Coded blocks lie on the global grid, so a chunk is a whole number of them. */
const leastChunkElements = 1_024;

/**
 * A chunk that this member must receive in every step. Units are numbered pieces first (by lane, then chunk), then task
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

/** Everything about an exchange that no step changes. */
export interface ExchangePlan {
  readonly hash: number;
  readonly self: number;
  readonly size: number;
  /** Task names in the order of their first lane. */
  readonly tasks: readonly string[];
  readonly taskElements: readonly number[];
  readonly laneCount: number;
  /** Task of each lane. */
  readonly laneTask: readonly number[];
  readonly laneHost: readonly number[];
  /** Lanes of each task, ascending. */
  readonly taskLanes: readonly (readonly number[])[];
  /** Lanes here, ascending. */
  readonly localLanes: readonly number[];
  /** Members with a lane of each task, ascending. */
  readonly taskHosts: readonly (readonly number[])[];
  readonly hostedTasks: readonly number[];
  readonly sharedElements: number;
  readonly blockCount: number;
  readonly shards: readonly Shard[];
  /** A power of two that divides a block and whose code fits a message. */
  readonly chunkElements: number;
  readonly chunksPerBlock: number;
  readonly chunkCount: number;
  readonly chunkOwner: Uint16Array;
  /** This member's shard, in chunks and elements of the whole. */
  readonly firstChunk: number;
  readonly ownChunks: number;
  readonly firstElement: number;
  readonly ownElements: number;
  readonly pairs: number;
  /** Float64 values in one message of block sums. */
  readonly sumsPerPart: number;
  /** Messages of block sums of each owner. */
  readonly sumParts: readonly number[];
  readonly units: Units;
  /** First unit of each remote lane's pieces, task chunks (-1: none), and of the combined chunks. */
  readonly pieceUnits: readonly number[];
  readonly taskUnits: readonly number[];
  readonly combinedUnits: number;
}

/** @throws RangeError where lanes are not numbered 0, 1, …, or not each hosted by one member. */
export function planExchange(options: ExchangeOptions, codec: Codec, maxPayloadBytes: number): ExchangePlan {
  const { self, members, sharedElements } = options;
  const lanes = [...options.lanes].sort((a, b) => a.lane - b.lane);
  for (const [position, lane] of lanes.entries())
    if (lane.lane !== position) throw new RangeError(`lanes must be numbered from 0; there is no lane ${position}`);
  const laneHost = lanes.map(({ lane }) => {
    const hosts = members.flatMap((member, position) => (member.lanes.includes(lane) ? [position] : []));
    if (hosts.length !== 1) throw new RangeError(`lane ${lane} has ${hosts.length} hosts instead of one`);
    return hosts[0] as number;
  });
  for (const [position, { member }] of members.entries())
    if (member !== position) throw new RangeError(`members must be numbered from 0; there is no member ${position}`);
  if (lanes.length === 0) throw new RangeError('an exchange needs at least one lane');
  if (members[self] === undefined) throw new RangeError(`there is no member ${self}`);

  const tasks = [...new Set<string>(lanes.map((lane) => lane.task))];
  const taskElements = tasks.map((task) => {
    const elements = options.taskElements[task];
    if (elements === undefined) throw new RangeError(`task "${task}" has no number of elements`);
    return elements;
  });
  const laneTask = lanes.map((lane) => tasks.indexOf(lane.task));
  const taskLanes = tasks.map((_, task) => laneTask.flatMap((of, lane) => (of === task ? [lane] : [])));
  const taskHosts = taskLanes.map((of) =>
    [...new Set(of.map((lane) => laneHost[lane] as number))].sort((a, b) => a - b),
  );

  const chunkElements = chunkSize(codec, maxPayloadBytes);
  const blockCount = Math.ceil(sharedElements / blockElements);
  const shards = planShards(blockCount, members);
  const chunksPerBlock = blockElements / chunkElements;
  const chunkCount = Math.ceil(sharedElements / chunkElements);
  const chunkOwner = new Uint16Array(chunkCount);
  for (const [member, shard] of shards.entries())
    chunkOwner.fill(
      member,
      shard.firstBlock * chunksPerBlock,
      Math.min((shard.firstBlock + shard.blockCount) * chunksPerBlock, chunkCount),
    );
  const shard = shards[self] as Shard;
  const firstChunk = shard.firstBlock * chunksPerBlock;
  const ownChunks = Math.max(
    0,
    Math.min((shard.firstBlock + shard.blockCount) * chunksPerBlock, chunkCount) - firstChunk,
  );
  const firstElement = shard.firstBlock * blockElements;
  const ownElements = Math.max(
    0,
    Math.min((shard.firstBlock + shard.blockCount) * blockElements, sharedElements) - firstElement,
  );
  const pairs = pairCount(tasks.length);
  const sumsPerPart = Math.max(1, Math.floor((Math.min(maxPayloadBytes, 262_144) - headBytes) / 8));

  const agreed = {
    members: members.map((member) => [...member.lanes].sort((a, b) => a - b)),
    tasks: laneTask.map((task) => tasks[task]),
    taskElements,
    sharedElements,
    clipNorm: options.clipNorm,
    codec: codec.name,
    combiner: options.combinerName,
    chunkElements,
    sumsPerPart,
  };
  const base = {
    hash: hashText(JSON.stringify(agreed)),
    self,
    size: members.length,
    tasks,
    taskElements,
    laneCount: lanes.length,
    laneTask,
    laneHost,
    taskLanes,
    localLanes: laneHost.flatMap((host, lane) => (host === self ? [lane] : [])),
    taskHosts,
    hostedTasks: taskHosts.flatMap((hosts, task) => (hosts.includes(self) ? [task] : [])),
    sharedElements,
    blockCount,
    shards,
    chunkElements,
    chunksPerBlock,
    chunkCount,
    chunkOwner,
    firstChunk,
    ownChunks,
    firstElement,
    ownElements,
    pairs,
    sumsPerPart,
    sumParts: shards.map((of) => Math.ceil((of.blockCount * pairs) / sumsPerPart)),
  };
  return { ...base, ...planUnits(base, codec) };
}

/** The largest power of two of elements, up to a block, whose code fits a message. */
function chunkSize(codec: Codec, maxPayloadBytes: number): number {
  let elements = blockElements;
  while (elements > leastChunkElements && headBytes + codec.encodedBytes(elements) > maxPayloadBytes) elements /= 2;
  if (headBytes + codec.encodedBytes(elements) > maxPayloadBytes)
    throw new RangeError(
      `messages of ${maxPayloadBytes} bytes are too short for gradients; allow at least ${headBytes + codec.encodedBytes(leastChunkElements)} bytes`,
    );
  return elements;
}

/** Elements of chunk `chunk` of a vector of `elements`. */
export function chunkLength(elements: number, chunkElements: number, chunk: number): number {
  return Math.min(chunkElements, elements - chunk * chunkElements);
}

type PlanBase = Omit<ExchangePlan, 'units' | 'pieceUnits' | 'taskUnits' | 'combinedUnits'>;

function planUnits(
  plan: PlanBase,
  codec: Codec,
): Pick<ExchangePlan, 'units' | 'pieceUnits' | 'taskUnits' | 'combinedUnits'> {
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
