/**
 * What became of a run's `init`. Parameters go by their part of a checkpoint and their own name: `shared/encoder…`,
 * `task-spell/generator…`.
 */
export interface InitReport {
  /** `run words-abcdefgh, step 1200` or `file model.safetensors`. */
  readonly from: string;
  readonly matched: readonly { readonly parameter: string; readonly tensor: string }[];
  /** Parameters for which there is no tensor: they begin with random values. */
  readonly missing: readonly string[];
  /** Tensors that no parameter takes. */
  readonly unused: readonly string[];
  /** Parameters whose tensor has another shape: they begin with random values. */
  readonly otherShape: readonly {
    readonly parameter: string;
    readonly wanted: readonly number[];
    readonly tensor: string;
    readonly found: readonly number[];
  }[];
  /** What a user should look at besides, a sentence each: vocabularies that differ. */
  readonly remarks: readonly string[];
}

/** The report in one sentence with counts. */
export function initSummary({ from, matched, missing, unused, otherShape, remarks }: InitReport): string {
  const parameters = matched.length + missing.length + otherShape.length;
  const rest = [
    missing.length > 0 ? `${missing.length} are not there` : '',
    otherShape.length > 0 ? `${otherShape.length} have another shape there` : '',
  ].filter((part) => part !== '');
  const random = rest.length === 0 ? '' : `; ${rest.join(', ')} and begin at random`;
  const left = unused.length === 0 ? '' : `; ${unused.length} ${unused.length === 1 ? 'tensor' : 'tensors'} unused`;
  return [
    `Initial values from ${from}: ${matched.length} of ${parameters} parameters${random}${left}.`,
    ...remarks,
  ].join(' ');
}
