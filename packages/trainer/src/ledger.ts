import type { LedgerStep } from '@tributary/protocol';
import type { CursorPosition, LaneShare } from './compute-messages.js';

const beginning: CursorPosition = { epoch: 0, position: 0 };

/**
 * What the hosted lanes read in an exchange. A round has one row for each lane, of its last step: its batches follow one another
 * from where the cursor stood.
 * @param step the last one of the exchange
 * @param before where the lanes' cursors stood; a lane that has not begun is left out
 */
export function ledgerOf(
  step: number,
  shares: readonly LaneShare[],
  before: ReadonlyMap<number, CursorPosition>,
): LedgerStep[] {
  return shares.map(({ lane, microbatches }) => ({ step, lane, microbatches, ...(before.get(lane) ?? beginning) }));
}
