import type { StopRequest } from '@tributary/protocol';

/**
 * Asks that travel in each step's messages. All members see the same OR of all members' bits at the same step, so a stop
 * is in force at one step for all.
 */
export const controlBits = { cancel: 1, pause: 2, timeBudget: 4 } as const;

export function bitOf(request: StopRequest): number {
  return request === 'cancel' ? controlBits.cancel : controlBits.pause;
}

export interface AgreedStop {
  readonly outcome: 'cancelled' | 'paused';
  readonly reason: string | null;
}

/** What the members' combined bits ask for; cancelling goes before pausing. */
export function agreedStop(bits: number): AgreedStop | null {
  if (bits & controlBits.cancel) return { outcome: 'cancelled', reason: null };
  if (bits & controlBits.pause) return { outcome: 'paused', reason: null };
  if (bits & controlBits.timeBudget) return { outcome: 'paused', reason: 'the time budget of the run file is used up' };
  return null;
}
