/**
 * What the time of a run's attempts goes to, beside steps that count. Recovery is named by what it recovers from.
 *
 * - waiting-for-slots: no worker is leased to the run.
 * - starting: preparation, and trainers that load their libraries and the state.
 * - tracing: graphs are compiled.
 * - worker-lost, user-code, infrastructure: from the last step before such an end to the first step after it.
 * - hand-over: the same, where lanes moved to other workers.
 * - redone: steps that had been done before.
 * - evaluating: held-out data.
 * - checkpointing: training waits for a checkpoint.
 * - ending: the final evaluation, the last checkpoint and records.
 */
export const badputCauses = [
  'waiting-for-slots',
  'starting',
  'tracing',
  'worker-lost',
  'user-code',
  'infrastructure',
  'hand-over',
  'redone',
  'evaluating',
  'checkpointing',
  'ending',
] as const;
export type BadputCause = (typeof badputCauses)[number];

/** Ends of a generation that another one recovers from. */
export const recoveryCauses = ['worker-lost', 'user-code', 'infrastructure', 'hand-over'] as const;
export type RecoveryCause = (typeof recoveryCauses)[number];

/** What a generation's time went to as its supervisor saw it. `unsettled`: since its last step, for nothing. */
export type GenerationTimeUse =
  | 'training'
  | 'unsettled'
  | Extract<BadputCause, 'starting' | 'tracing' | 'redone' | 'evaluating' | 'checkpointing' | 'ending'>;

/** A generation's time, from its opening on. */
export interface GenerationTime {
  /** The sum is the time that has been accounted for. */
  readonly ms: Readonly<Partial<Record<GenerationTimeUse, number>>>;
  /** The highest step that a member has shown. */
  readonly reachedStep: number;
}

/** What became of the time of all attempts of a run. Goodput and badput sum to the whole. */
export interface RunTimeDocument {
  readonly seconds: number;
  /** In which steps were done for the first time. */
  readonly goodputSeconds: number;
  readonly badputSeconds: Readonly<Partial<Record<BadputCause, number>>>;
  /** Steps that a later generation had to do again, by how theirs ended. */
  readonly lostSteps: Readonly<Partial<Record<RecoveryCause, number>>>;
}
