import { planShards } from '@tributary/planner';
import { blockElements, type Shard } from '@tributary/protocol';
import { blockGroups } from './block-groups.js';
import type { Codec } from './codecs/codec.js';
import type { ExchangeOptions } from './exchange-options.js';
import { planUnits, type UnitPlan } from './exchange-units.js';
import { pairCount } from './gram.js';
import type { ShardPlan } from './shard-plan.js';
import { hashText, headBytes } from './wire.js';

/** Coded blocks lie on the global grid, so a chunk is a whole number of them. */
const leastChunkElements = 1_024;
/** A whole block by every codec: fewer messages cost the server less. */
const defaultChunkBytes = 264_192;

/** Everything about an exchange that no step changes. */
export interface ExchangePlan extends ShardPlan, UnitPlan {}

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

  const chunkElements = chunkSize(
    codec,
    Math.min(maxPayloadBytes, options.chunkBytes ?? defaultChunkBytes),
    maxPayloadBytes,
  );
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
  const firstElement = Math.min(shard.firstBlock * blockElements, sharedElements);
  const ownElements = Math.max(
    0,
    Math.min((shard.firstBlock + shard.blockCount) * blockElements, sharedElements) - firstElement,
  );
  const groups = blockGroups(options.groups, blockCount);
  const groupOfBlock = new Uint16Array(blockCount);
  for (const [place, of] of groups.entries()) groupOfBlock.fill(place, of.firstBlock, of.firstBlock + of.blockCount);
  const sumsPerPart = Math.max(1, Math.floor((Math.min(maxPayloadBytes, 262_144) - headBytes) / 8));

  const agreed = {
    members: members.map((member) => [...member.lanes].sort((a, b) => a - b)),
    tasks: laneTask.map((task) => tasks[task]),
    taskElements,
    sharedElements,
    clipNorm: options.clipNorm,
    codec: codec.name,
    combiner: options.combinerName,
    groups,
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
    taskChunks: laneTask.map((task) => Math.ceil((taskElements[task] as number) / chunkElements)),
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
    chunkOrder: chunksInOrder(chunkCount, firstChunk, ownChunks),
    groups,
    groupOfBlock,
    mostPairs: pairCount(tasks.length),
    sumsPerPart,
  };
  return { ...base, ...planUnits(base, codec) };
}

/** The largest power of two of elements, up to a block, whose message is no longer than `chunkBytes`; at least 1,024. */
function chunkSize(codec: Codec, chunkBytes: number, maxPayloadBytes: number): number {
  let elements = blockElements;
  while (elements > leastChunkElements && headBytes + codec.encodedBytes(elements) > chunkBytes) elements /= 2;
  if (headBytes + codec.encodedBytes(elements) > maxPayloadBytes)
    throw new RangeError(
      `messages of ${maxPayloadBytes} bytes are too short for gradients; allow at least ${headBytes + codec.encodedBytes(leastChunkElements)} bytes`,
    );
  return elements;
}

/** Every chunk once, the own shard's last: each member begins with another owner, and none waits for what stays here. */
function chunksInOrder(chunkCount: number, firstChunk: number, ownChunks: number): Uint32Array {
  const start = firstChunk + ownChunks;
  return Uint32Array.from({ length: chunkCount }, (_, place) => (start + place) % chunkCount);
}
