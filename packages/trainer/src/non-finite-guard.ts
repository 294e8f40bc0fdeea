import type { StepResult } from '@tributary/collectives';
import { type Lane, TributaryError } from '@tributary/protocol';

export interface NonFiniteOptions {
  /** Skipped steps in a row that end the run. */
  readonly limit: number;
  /** All lanes of the run, numbered 0, 1, … */
  readonly lanes: readonly Lane[];
  /** The run file's name of the combiner. */
  readonly combiner: string;
  /** Skipped steps in a row before the first, from a checkpoint. */
  readonly inARow: number;
}

/** Counts steps in a row that were skipped as not finite, and ends the run when there are too many. */
export class NonFiniteGuard {
  readonly #options: NonFiniteOptions;
  #inARow: number;

  constructor(options: NonFiniteOptions) {
    this.#options = options;
    this.#inARow = options.inARow;
  }

  /** Skipped steps in a row, up to the newest one. */
  get inARow(): number {
    return this.#inARow;
  }

  /**
   * @returns null: the step may be applied; else what was not finite, for people
   * @throws TributaryError `NON_FINITE` naming task and lane, or the combiner, at the limit
   */
  reasonToSkip({ step, skipped, nonFinite }: Pick<StepResult, 'step' | 'skipped' | 'nonFinite'>): string | null {
    if (skipped === null) {
      this.#inARow = 0;
      return null;
    }
    this.#inARow += 1;
    const { limit, lanes, combiner } = this.#options;
    const cause =
      skipped === 'combined'
        ? `What combiner ${combiner} made of the tasks' finite gradients`
        : `The gradient of ${nonFinite.map((lane) => `lane ${lane} (task ${lanes[lane]?.task})`).join(', ')}`;
    const reason = `${cause} was not finite at step ${step}`;
    if (this.#inARow < limit) return reason;
    const before = this.#inARow === 1 ? '' : `, and the ${this.#inARow - 1} before it were skipped too`;
    const remedy =
      skipped === 'combined'
        ? 'lower optimizer.learningRate or take another combiner'
        : "lower optimizer.learningRate or look at that task's data";
    throw new TributaryError('NON_FINITE', `${reason}${before}; ${remedy}, then launch again.`);
  }
}
