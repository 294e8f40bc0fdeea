/** One pair of a corpus. */
export interface CorpusPair {
  readonly source: string;
  readonly target: string;
  /** What it belongs to; all pairs of a group lie in one split. */
  readonly group: string;
}

/** The pairs of a corpus by name, and what was found and left out on the way. */
export interface PairedCorpus {
  readonly pairs: Readonly<Record<string, readonly CorpusPair[]>>;
  readonly counts: Readonly<Record<string, number>>;
}
