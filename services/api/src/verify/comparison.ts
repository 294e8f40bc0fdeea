import {
  type LedgerDifference,
  type LedgerStep,
  maxShownDifferences,
  type PartDifference,
  type PartHashes,
  type VerificationDocument,
} from '@tributary/protocol';

/** A state hash that was recorded, of a snapshot or of a checkpoint. */
export interface RecordedHash {
  readonly step: number;
  readonly part: string;
  readonly stateHash: string;
}

const keyOf = (step: number, part: string): string => `${step} ${part}`;

/** Compares what came of doing steps again with what was recorded. */
export class Comparison {
  readonly #recorded = new Map<string, RecordedHash[]>();
  readonly #partOrder: readonly string[];
  readonly #replayed = new Map<string, string>();
  readonly #ledgerFirst: LedgerDifference[] = [];
  #ledgerDifferences = 0;
  #ledgerSteps = 0;

  /** @param partOrder all parts, as a checkpoint has them */
  constructor(recorded: readonly RecordedHash[], partOrder: readonly string[]) {
    this.#partOrder = partOrder;
    for (const hash of recorded) {
      const key = keyOf(hash.step, hash.part);
      this.#recorded.set(key, [...(this.#recorded.get(key) ?? []), hash]);
    }
  }

  hashes({ step, parts }: PartHashes): void {
    for (const { part, stateHash } of parts) this.#replayed.set(keyOf(step, part), stateHash);
  }

  /** Of the same steps. */
  ledger(recorded: readonly LedgerStep[], replayed: readonly LedgerStep[]): void {
    const before = new Map(recorded.map((entry) => [keyOf(entry.step, String(entry.lane)), entry]));
    const now = new Map(replayed.map((entry) => [keyOf(entry.step, String(entry.lane)), entry]));
    this.#ledgerSteps += before.size;
    for (const key of new Set([...before.keys(), ...now.keys()])) {
      const [was, is] = [before.get(key), now.get(key)];
      const { step, lane } = (was ?? is) as LedgerStep;
      if (batchesOf(was) === batchesOf(is)) continue;
      this.#ledgerDifferences += 1;
      if (this.#ledgerFirst.length < maxShownDifferences)
        this.#ledgerFirst.push({ step, lane, recorded: batchesOf(was), replayed: batchesOf(is) });
    }
  }

  result(): Omit<VerificationDocument, 'run' | 'from' | 'to' | 'worker'> {
    const differences: PartDifference[] = [];
    for (const [key, hashes] of this.#recorded) {
      const replayed = this.#replayed.get(key) ?? 'none';
      for (const { step, part, stateHash } of hashes)
        if (stateHash !== replayed) differences.push({ step, part, recorded: stateHash, replayed });
    }
    const place = ({ part }: PartDifference): number => this.#partOrder.indexOf(part);
    differences.sort((a, b) => a.step - b.step || place(a) - place(b));
    const recorded = [...this.#recorded.values()].flat();
    return {
      equal: differences.length === 0 && this.#ledgerDifferences === 0,
      hashes: this.#recorded.size,
      hashedSteps: new Set(recorded.map(({ step }) => step)).size,
      ledgerSteps: this.#ledgerSteps,
      parts: { total: differences.length, first: differences.slice(0, maxShownDifferences) },
      ledger: { total: this.#ledgerDifferences, first: this.#ledgerFirst },
    };
  }
}

function batchesOf(entry: LedgerStep | undefined): string {
  if (entry === undefined) return 'none';
  const { epoch, position, microbatches } = entry;
  return `epoch ${epoch}, position ${position}, ${microbatches} ${microbatches === 1 ? 'microbatch' : 'microbatches'}`;
}
