import { type Lane, TributaryError } from '@tributary/protocol';

/** Counts steps in a row that were skipped as non-finite and ends the run when there are too many. */
export class NonFiniteGuard {
  readonly #limit: number;
  #inARow = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * @param nonFinite lanes whose gradient or loss was not finite
   * @returns whether the step may be applied
   * @throws TributaryError `NON_FINITE` naming task and lane, at the limit
   */
  admits(step: number, nonFinite: readonly number[], lanes: readonly Lane[]): boolean {
    if (nonFinite.length === 0) {
      this.#inARow = 0;
      return true;
    }
    this.#inARow += 1;
    if (this.#inARow < this.#limit) return false;
    const causes = nonFinite.map((lane) => `lane ${lane} (task ${lanes[lane]?.task})`).join(', ');
    throw new TributaryError(
      'NON_FINITE',
      `The gradient of ${causes} was not finite at step ${step} and the ${this.#limit - 1} before it; lower optimizer.learningRate or look at that task's data, then launch again.`,
    );
  }
}
