import type { StopRequest } from '@tributary/protocol';

/**
 * Asks that travel in each step's messages. All members see the same OR of all members' bits at the same step, so a stop
 * is in force at one step for all.
 */
export const controlBits = { cancel: 1, pause: 2, timeBudget: 4, handOver: 8, earlyStop: 16 } as const;

export function bitOf(request: StopRequest): number {
  switch (request) {
    case 'cancel':
      return controlBits.cancel;
    case 'pause':
      return controlBits.pause;
    case 'hand-over':
      return controlBits.handOver;
  }
}

export interface AgreedStop {
  readonly outcome: 'finished' | 'cancelled' | 'paused' | 'handed-over';
  readonly reason: string | null;
}

/**
 * What the members' combined bits ask for. Ending early goes first: it follows from the run file, and must not come a step later for a
 * request that came when it came. Then cancelling goes before pausing, and pausing before handing over.
 */
export function agreedStop(bits: number): AgreedStop | null {
  if (bits & controlBits.earlyStop) return { outcome: 'finished', reason: null };
  if (bits & controlBits.cancel) return { outcome: 'cancelled', reason: null };
  if (bits & controlBits.pause) return { outcome: 'paused', reason: null };
  if (bits & controlBits.timeBudget) return { outcome: 'paused', reason: 'the time budget of the run file is used up' };
  if (bits & controlBits.handOver) return { outcome: 'handed-over', reason: null };
  return null;
}
