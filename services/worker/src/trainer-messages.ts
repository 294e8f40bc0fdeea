import type { GenerationDocument, MemberEnding, StopRequest, TrainerPhase } from '@tributary/protocol';

/** From agent to trainer, over the child's IPC channel. */
export type ToTrainer =
  | { readonly kind: 'start'; readonly document: GenerationDocument; readonly member: number }
  | { readonly kind: 'stop'; readonly request: StopRequest };

/** From trainer to agent. */
export type FromTrainer =
  | { readonly kind: 'status'; readonly phase: TrainerPhase; readonly step: number }
  /** The ending has been written to the endings bucket. */
  | { readonly kind: 'ended'; readonly ending: MemberEnding };
