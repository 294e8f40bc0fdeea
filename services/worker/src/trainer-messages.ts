import type { GenerationDocument, MemberEnding, SnapshotPart, StopRequest } from '@tributary/protocol';
import type { TrainerProgress } from '@tributary/trainer';

/** From agent to trainer, over the child's IPC channel. */
export type ToTrainer =
  /** Train this generation; the one in hand, if any, is given up first. */
  | { readonly kind: 'start'; readonly document: GenerationDocument; readonly member: number }
  | { readonly kind: 'stop'; readonly generation: number; readonly request: StopRequest }
  /** Make ready what a trainer of these lanes needs, and wait. */
  | { readonly kind: 'prepare'; readonly document: GenerationDocument; readonly member: number }
  /** A snapshot that the trainer told of is as safe as it can be. */
  | { readonly kind: 'snapshot-kept'; readonly generation: number; readonly step: number };

/** From trainer to agent. */
export type FromTrainer =
  /** Sent now and then by the main thread: it has not stopped. */
  | { readonly kind: 'alive' }
  /** All that was to be prepared is ready. */
  | { readonly kind: 'warm' }
  /** Nothing of an earlier generation computes, sends or writes in this process any more. */
  | { readonly kind: 'began'; readonly generation: number }
  | ({ readonly kind: 'status'; readonly generation: number } & TrainerProgress)
  /** These parts lie in the worker's snapshot folder. */
  | {
      readonly kind: 'snapshot';
      readonly generation: number;
      readonly step: number;
      readonly parts: readonly SnapshotPart[];
    }
  /** The ending has been written to the endings bucket. */
  | { readonly kind: 'ended'; readonly generation: number; readonly ending: MemberEnding };

/** How often a trainer's main thread says that it is alive. */
export const aliveIntervalMs = 500;

/** Exit code of a trainer that could not go on for want of a server: no fault of the run's own. */
export const serversGoneExitCode = 69;
