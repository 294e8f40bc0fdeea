import type { ExchangePlan } from './exchange-plan.js';
import type { StepLanes } from './step-lanes.js';
import { WantList } from './want-list.js';
import { kinds } from './wire.js';

const untouched = 0;
const asked = 1;
/** There, or of an absent lane. */
const settled = 2;

/**
 * What this member still needs of one step, and how much of it is on its way. It asks for no more than its window, so that
 * senders together never overrun the broker's buffer for it.
 */
export class StepInbox {
  readonly #plan: ExchangePlan;
  readonly #windowBytes: number;
  readonly #state: Uint8Array;
  readonly #headers: Uint8Array;
  /** By owner: messages of block sums that are there. */
  readonly #sums: readonly Uint8Array[];
  #sumParts: Uint32Array;
  #next = 0;
  #outstandingBytes = 0;
  #missingCombined = 0;
  #missingHeaders = 0;
  #missingSums = 0;

  constructor(plan: ExchangePlan, windowBytes: number) {
    this.#plan = plan;
    this.#windowBytes = windowBytes;
    this.#state = new Uint8Array(plan.units.count);
    this.#headers = new Uint8Array(plan.size);
    const mostParts = plan.shards.map((of) => Math.ceil((of.blockCount * plan.mostPairs) / plan.sumsPerPart));
    this.#sums = mostParts.map((parts) => new Uint8Array(parts));
    this.#sumParts = Uint32Array.from(mostParts);
  }

  /** Begins a step. */
  reset(lanes: StepLanes): void {
    const { pieceUnits, taskUnits, ownChunks, laneCount } = this.#plan;
    this.#state.fill(untouched);
    for (let lane = 0; lane < laneCount; lane++) {
      if (lanes.present[lane] === 1) continue;
      this.#settle(pieceUnits[lane] as number, ownChunks);
      this.#settle(taskUnits[lane] as number, this.#plan.taskChunks[lane] as number);
    }
    this.#sumParts = lanes.sumParts;
    this.#headers.fill(0);
    for (const parts of this.#sums) parts.fill(0);
    this.#next = 0;
    this.#outstandingBytes = 0;
    this.#missingCombined = this.#plan.chunkCount;
    this.#missingHeaders = this.#plan.size;
    this.#missingSums = lanes.sumParts.reduce((total, parts) => total + parts, 0);
  }

  #settle(firstUnit: number, count: number): void {
    if (firstUnit >= 0) this.#state.fill(settled, firstUnit, firstUnit + count);
  }

  get allHeaders(): boolean {
    return this.#missingHeaders === 0;
  }

  get allSums(): boolean {
    return this.#missingSums === 0;
  }

  get allCombined(): boolean {
    return this.#missingCombined === 0;
  }

  /** Marks a unit; false where it is there already. */
  take(unit: number): boolean {
    const before = this.#state[unit];
    if (before === settled) return false;
    if (before === asked) this.#outstandingBytes -= this.#plan.units.bytes[unit] as number;
    this.#state[unit] = settled;
    if (unit >= this.#plan.combinedUnits) this.#missingCombined -= 1;
    return true;
  }

  hasHeader(member: number): boolean {
    return this.#headers[member] === 1;
  }

  hasSums(owner: number, part: number): boolean {
    return this.#sums[owner]?.[part] === 1;
  }

  takeHeader(member: number): boolean {
    if (this.#headers[member] !== 0) return false;
    this.#headers[member] = 1;
    this.#missingHeaders -= 1;
    return true;
  }

  takeSums(owner: number, part: number): boolean {
    const parts = this.#sums[owner];
    if (parts?.[part] !== 0 || part >= (this.#sumParts[owner] as number)) return false;
    parts[part] = 1;
    this.#missingSums -= 1;
    return true;
  }

  /** The next units to ask for; null while enough are on their way. */
  nextWants(): WantList | null {
    const { units, size } = this.#plan;
    if (this.#next >= units.order.length || this.#outstandingBytes > this.#windowBytes / 2) return null;
    const wants = new WantList(size);
    while (this.#next < units.order.length) {
      const unit = units.order[this.#next] as number;
      const bytes = units.bytes[unit] as number;
      if (this.#outstandingBytes > 0 && this.#outstandingBytes + bytes > this.#windowBytes) break;
      this.#next += 1;
      if (this.#state[unit] !== untouched) continue;
      this.#state[unit] = asked;
      this.#outstandingBytes += bytes;
      wants.add(
        units.sender[unit] as number,
        units.kind[unit] as number,
        units.lane[unit] as number,
        units.chunk[unit] as number,
      );
    }
    return wants;
  }

  /** Members that have not told of their lanes; where all have: those whose numbers are not all here. Ascending. */
  awaited(): number[] {
    const { units, size, self } = this.#plan;
    const others = Array.from({ length: size }, (_, member) => member).filter((member) => member !== self);
    const silent = others.filter((member) => this.#headers[member] === 0);
    if (silent.length > 0) return silent;
    const behind = new Set<number>();
    for (let unit = 0; unit < units.count; unit++)
      if (this.#state[unit] !== settled) behind.add(units.sender[unit] as number);
    return others.filter((member) => behind.has(member) || this.#lacksSums(member));
  }

  #lacksSums(owner: number): boolean {
    const there = this.#sums[owner]?.subarray(0, this.#sumParts[owner]);
    return there?.includes(0) ?? false;
  }

  /** All that was asked for, or comes unasked, and is not there. */
  missing(): WantList {
    const { units, size, self } = this.#plan;
    const wants = new WantList(size);
    for (let member = 0; member < size; member++)
      if (member !== self && this.#headers[member] === 0) wants.add(member, kinds.header, 0, 0);
    for (const [owner, parts] of this.#sums.entries())
      if (owner !== self)
        for (let part = 0; part < (this.#sumParts[owner] as number); part++)
          if (parts[part] === 0) wants.add(owner, kinds.sums, 0, part);
    for (let i = 0; i < this.#next; i++) {
      const unit = units.order[i] as number;
      if (this.#state[unit] === asked)
        wants.add(
          units.sender[unit] as number,
          units.kind[unit] as number,
          units.lane[unit] as number,
          units.chunk[unit] as number,
        );
    }
    return wants;
  }
}
