import type { VerificationDocument, VerificationEvent } from '@tributary/protocol';
import color from 'picocolors';
import { printable } from './quantities.js';
import { table } from './tables.js';

type Progress = Extract<VerificationEvent, { kind: 'progress' }>;

/** `worker b: step 45 of 26 to 50` */
export function progressOf(
  { worker, phase, step }: Progress,
  { from, to }: { readonly from: number; readonly to: number },
): string {
  const name = printable(worker);
  if (phase === 'waiting') return `worker ${name} verifies another stretch first`;
  if (phase === 'starting') return `worker ${name} starts`;
  if (phase === 'restoring') return `worker ${name} loads the checkpoint of step ${from}`;
  if (phase === 'tracing') return `worker ${name} compiles its graphs`;
  return `worker ${name}: step ${step} of ${from + 1} to ${to}`;
}

/** How a stretch compares: equal, or the first part of state that differs, and those after it. */
export function verificationText(result: VerificationDocument): string {
  const { run, from, to, worker, equal, hashes, hashedSteps, ledgerSteps, parts, ledger } = result;
  const compared = [
    `${counted(hashes, 'state hash', 'state hashes')} at ${counted(hashedSteps, 'step', 'steps')}`,
    ...(ledgerSteps > 0 ? [`${counted(ledgerSteps, 'entry', 'entries')} of the ledger`] : []),
  ].join(' and ');
  const stretch = `Run ${printable(run)}, steps ${from + 1} to ${to} on worker ${printable(worker)}`;
  if (equal) return `${color.green('equal')}: ${stretch}; compared ${compared}`;
  const lines = [`${color.red('different')}: ${stretch}; compared ${compared}`];
  const [first] = parts.first;
  if (first !== undefined) {
    lines.push(
      `The first that differs is part ${printable(first.part)} after step ${first.step}.`,
      '',
      table(
        ['step', 'part', 'recorded', 'now'],
        parts.first.map(({ step, part, recorded, replayed }) => [
          String(step),
          printable(part),
          recorded.slice(0, 16),
          replayed.slice(0, 16),
        ]),
        [0],
      ),
    );
    if (parts.total > parts.first.length) lines.push(`… and ${parts.total - parts.first.length} more`);
  }
  if (ledger.total > 0) {
    lines.push(
      '',
      `Other batches were read than the ledger says, ${counted(ledger.total, 'time', 'times')}:`,
      table(
        ['step', 'lane', 'recorded', 'now'],
        ledger.first.map(({ step, lane, recorded, replayed }) => [String(step), String(lane), recorded, replayed]),
        [0, 1],
      ),
    );
    if (ledger.total > ledger.first.length) lines.push(`… and ${ledger.total - ledger.first.length} more`);
  }
  return lines.join('\n');
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
