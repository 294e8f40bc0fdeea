/** Texts of one example: what was put out, and at least one text that it may equal. */
export interface ScoredExample {
  readonly hypothesis: string;
  readonly references: readonly string[];
}

/**
 * Outputs and references, example by example.
 * @throws RangeError when the two do not match, or an example has no reference
 */
export function checkedCorpus(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
): readonly ScoredExample[] {
  if (hypotheses.length !== references.length)
    throw new RangeError(`${hypotheses.length} outputs for ${references.length} examples with references`);
  return hypotheses.map((hypothesis, index) => {
    const candidates = references[index] as readonly string[];
    if (candidates.length === 0) throw new RangeError(`example ${index} has no reference`);
    return { hypothesis, references: candidates };
  });
}
