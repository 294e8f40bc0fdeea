import type { Point } from '@tributary/protocol';
import type { LaneDone } from './compute-messages.js';

/**
 * The loss of each step that lanes have taken by themselves in a round, `lane:L inner.loss`; the member that hosts a lane
 * records them. What the exchange knows is a lane's mean over the round.
 * @param before steps before the round
 * @param every steps between records
 */
export function pointsOfRound(done: readonly LaneDone[], before: number, every: number): Point[] {
  return done.flatMap(({ lane, stepLosses = [] }) =>
    Array.from(stepLosses, (value, index) => ({
      subject: `lane:${lane}` as const,
      series: 'inner.loss',
      step: before + index + 1,
      value,
    })).filter(({ step }) => step % every === 0),
  );
}

/**
 * How far a member is in a round: each call counts one more step of one of its lanes and gives the step of the run that stands
 * for it. The round's last counts only once the exchange does.
 */
export function roundProgress(before: number, steps: number, lanes: number): () => number {
  let taken = 0;
  return () => {
    taken += 1;
    return before + Math.min(steps - 1, Math.floor(taken / lanes));
  };
}
