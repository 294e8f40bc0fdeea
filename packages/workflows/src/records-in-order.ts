import type { RecordGenerationInput } from './training-activities.js';

/**
 * Records what becomes of a run's generations, one after another and beside the training itself: while the run-store is away
 * they wait here, and the run goes on.
 */
export class RecordsInOrder {
  readonly #record: (input: RecordGenerationInput) => Promise<void>;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #failure: unknown = null;

  constructor(record: (input: RecordGenerationInput) => Promise<void>) {
    this.#record = record;
  }

  add(input: RecordGenerationInput): void {
    this.#waiting += 1;
    this.#tail = this.#tail.then(async () => {
      try {
        if (this.#failure === null) await this.#record(input);
      } catch (error) {
        this.#failure = error;
      } finally {
        this.#waiting -= 1;
      }
    });
  }

  /** Whether everything has been recorded, or never will be. */
  get settled(): boolean {
    return this.#waiting === 0;
  }

  /** Why no more can be recorded: the attempt has been ended by another. Null while all goes well. */
  get failure(): unknown {
    return this.#failure;
  }

  async flushed(): Promise<void> {
    await this.#tail;
  }
}
