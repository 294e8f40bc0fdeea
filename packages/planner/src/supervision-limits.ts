import { beaconIntervalMs, beaconSilenceMs, type TrainerPhase } from '@tributary/protocol';

/** How long the supervisor waits before it concludes something, in milliseconds. */
export interface SupervisionLimits {
  /** Silence after which a worker is unreachable: told, but not lost. */
  readonly silenceMs: number;
  /** How much longer it keeps its lanes: the run's `workers.grace`. */
  readonly graceMs: number;
  /** A longer gap between two ticks is the supervisor's own absence (stopped, cut off) and counts against nobody. */
  readonly ownAbsenceMs: number;
  /** A worker that beacons but has not shown this generation's trainer for so long will not start it. */
  readonly startMs: number;
  /** A trainer that was shown and no longer is, with no ending, is dead after so long. */
  readonly vanishedMs: number;
  /** A trainer whose process has not spoken to its agent for so long is stopped or hung. */
  readonly trainerSilenceMs: number;
  /** A member that waits for no other shows progress within its phase's deadline, or it hangs. */
  readonly phaseMs: Readonly<Record<TrainerPhase, number>>;
  /** A step may take this many times as long as the slowest one so far, where that is more than `phaseMs.training`. */
  readonly slowestStepFactor: number;
  /** After a stop request: time without any progress between steps after which members will not stop by themselves. */
  readonly stopMs: number;
  /** Time without any progress of members that all wait for each other, after which they do so in vain. */
  readonly stallMs: number;
}

export const defaultLimits: SupervisionLimits = {
  silenceMs: beaconSilenceMs,
  graceMs: 5_000,
  ownAbsenceMs: 4 * beaconIntervalMs,
  startMs: 30_000,
  vanishedMs: 6 * beaconIntervalMs,
  trainerSilenceMs: 10_000,
  phaseMs: {
    starting: 60_000,
    restoring: 120_000,
    tracing: 600_000,
    training: 60_000,
    evaluating: 300_000,
    checkpointing: 300_000,
    ending: 600_000,
  },
  slowestStepFactor: 20,
  stopMs: 60_000,
  stallMs: 600_000,
};
