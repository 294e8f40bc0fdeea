import type { LedgerDocument } from '@tributary/protocol';
import { printable } from './quantities.js';
import { table } from './tables.js';

/** One line a step and lane, and the hashes of the snapshots among them. @param to the last step that was asked for */
export function ledgerTable({ run, entries, snapshots, next }: LedgerDocument, to?: number): string {
  if (entries.length === 0 && snapshots.length === 0)
    return `Run ${printable(run)} has nothing in its ledger at these steps`;
  const lines = [
    table(
      ['step', 'lane', 'generation', 'epoch', 'position', 'microbatches'],
      entries.map(({ step, lane, generation, epoch, position, microbatches }) =>
        [step, lane, generation, epoch, position, microbatches].map(String),
      ),
      [0, 1, 2, 3, 4, 5],
    ),
  ];
  if (snapshots.length > 0)
    lines.push(
      '',
      table(
        ['step', 'part', 'generation', 'state hash'],
        snapshots.map(({ step, part, generation, stateHash }) => [
          String(step),
          printable(part),
          String(generation),
          stateHash,
        ]),
        [0, 2],
      ),
    );
  if (next !== null)
    lines.push(
      '',
      `More with: npx tributary runs ledger ${run} --from ${next}${to === undefined ? '' : ` --to ${to}`}`,
    );
  return lines.join('\n');
}
