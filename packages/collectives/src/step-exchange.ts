import type { LaneContribution, StepResult } from './exchange-options.js';

/** One step of an exchange. */
export interface StepExchange {
  /**
   * Gives one of this member's lanes. Its arrays must stay unchanged until the next step's result.
   * @param control bits added to the step's: those known with this member's last lane are in force in this step
   */
  contribute(contribution: LaneContribution, control?: number): void;
  /**
   * Resolves once the step is complete on this member: with the same numbers on all. Waits as long as it takes; the caller
   * decides by `signal` when a peer is lost.
   */
  result(signal?: AbortSignal): Promise<StepResult>;
}
