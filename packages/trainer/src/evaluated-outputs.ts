import type { Batch } from '@tributary/datasets';
import type { ErrorRates } from '@tributary/models';
import type { EvaluationResult } from './compute-messages.js';
import type { TaskCompute } from './task-compute.js';

export interface OutputRequest {
  readonly task: TaskCompute;
  readonly split: 'validation' | 'test';
  /** Examples that the report shows. */
  readonly shown: ReadonlySet<number>;
}

/** Outputs as text beside what they should be, example by example, in the split's order. */
export interface OutputTexts {
  readonly hypotheses: readonly string[];
  readonly references: readonly (readonly string[])[];
}

/** What a task generates for held-out examples. */
export interface EvaluatedOutputs {
  add(batch: Batch): Promise<void>;
  rates(): ErrorRates;
  texts(): OutputTexts;
  /** An example's output and references as text. */
  sample(index: number): Pick<EvaluationResult['samples'][number], 'generated' | 'references'>;
}
