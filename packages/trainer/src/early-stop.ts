import type { Tensors } from '@tributary/checkpoints';
import { type RunFile, watchedTask } from '@tributary/config';
import { count, countIn } from './state-parts.js';

/**
 * Whether a run ends before its budget. The member that owns the watched task follows its evaluations and asks, with the next step's
 * messages, to end after that step; all members then end there. What it knows is state: it comes back from snapshots and
 * checkpoints, so that the run ends at the same step however often it was interrupted.
 */
export class EarlyStop {
  /** The watched task. */
  readonly task: string;
  readonly #spec: NonNullable<RunFile['earlyStop']>;
  /** Another rule begins anew. */
  readonly #key: string;
  #best = Number.NaN;
  #withoutBetter = 0;
  #ended = false;

  /** Null where the run file asks for none. */
  static of(spec: RunFile): EarlyStop | null {
    const task = watchedTask(spec);
    return task === null || spec.earlyStop === undefined ? null : new EarlyStop(spec.earlyStop, task);
  }

  private constructor(spec: NonNullable<RunFile['earlyStop']>, task: string) {
    const { metric, mode, patience, minDelta } = spec;
    this.task = task;
    this.#spec = spec;
    this.#key = `early-stop/${task}.${metric}/${mode}/${patience}/${minDelta}`;
  }

  /** An evaluation of the watched task. What is not a number is no better. */
  evaluated(values: Readonly<Record<string, number>>): void {
    const { metric, mode, minDelta } = this.#spec;
    const value = values[metric.slice('validation.'.length)] ?? Number.NaN;
    const gain = mode === 'min' ? this.#best - value : value - this.#best;
    if (Number.isNaN(this.#best) ? !Number.isNaN(value) : gain > minDelta) {
      this.#best = value;
      this.#withoutBetter = 0;
    } else this.#withoutBetter += 1;
  }

  /** Whether the run should end. */
  get asks(): boolean {
    return this.#withoutBetter >= this.#spec.patience;
  }

  /** All members have agreed to end here. */
  agreed(): void {
    this.#ended = true;
  }

  /** Whether this state is the run's last. */
  get ended(): boolean {
    return this.#ended;
  }

  /** For people. */
  get reason(): string {
    const { metric, patience } = this.#spec;
    const evaluations = patience === 1 ? 'at an evaluation' : `in ${patience} evaluations`;
    return `stopped early: ${metric} of task "${this.task}" has not got better ${evaluations}`;
  }

  /** What belongs in the watched task's part. */
  taskTensors(): Tensors {
    return { [this.#key]: { shape: [2], data: Float64Array.of(this.#best, this.#withoutBetter) } };
  }

  /** What belongs in the shared part. */
  sharedTensors(): Tensors {
    return this.#ended ? { [this.#key]: count(1) } : {};
  }

  /** @param own the watched task's part, where it is owned here; others never ask */
  restore(shared: Tensors, own: Tensors | null): void {
    this.#ended = countIn(shared, this.#key) === 1;
    const data = own?.[this.#key]?.data;
    if (!(data instanceof Float64Array)) return;
    this.#best = data[0] as number;
    this.#withoutBetter = data[1] as number;
  }
}
